/** What the exit codes mean that are not a command's own; `--help` tells them. */
export const EXIT = {
  /** Done; of `status`, that the directory is free. */
  ok: 0,
  /** Wrong usage, or a failure. Not 1, with which Deno reports its own failures. */
  error: 2,
  /** Of `status`, that it cannot tell, as in the Linux Standard Base. */
  unknown: 4,
  /** `EX_TEMPFAIL` of sysexits.h: the directory is held, try again later. */
  tempFail: 75,
  /** As shells have it: the command cannot be executed. */
  notExecutable: 126,
  /** As shells have it: command not found. */
  notFound: 127,
} as const;

/** The signals that are caught, to be passed on or to end the waiting, by their numbers. */
const CAUGHT = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that is caught. */
export type CaughtSignal = keyof typeof CAUGHT;

/** The names of {@linkcode CaughtSignal}. */
export const CAUGHT_SIGNALS = Object.keys(CAUGHT) as CaughtSignal[];

/** What a shell reports of a process that a signal ended. */
export function exitCodeOf(signal: CaughtSignal): number {
  return 128 + CAUGHT[signal];
}

/** Ends a command with an exit code, and with a message for standard error unless it is empty. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message = "", options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
