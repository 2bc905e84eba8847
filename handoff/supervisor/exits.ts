/** Exit codes that mean something in a daemon's life. */
export const SERVICE_EXITS = {
  /** The daemon stopped by itself. */
  stopped: 0,
  /** Of a supervisor: its daemon died too often. */
  gaveUp: 3,
  /** Another process holds the data directory (`EX_TEMPFAIL`). */
  held: 75,
  /** As shells have it: the program cannot be started. */
  notStarted: 127,
} as const;

/** Resolves when a data directory is free, or the signal is aborted. */
export type UntilFree = (signal: AbortSignal) => Promise<void>;
