/** Heartbeats on their way. Disposing of them ends and joins them: what is sent next follows a whole frame. */
export interface Heartbeats extends AsyncDisposable {
  /** Whether they go on while this thread's event loop is blocked. */
  readonly survivesBlocking: boolean;
  /** Why not: the error that refused a worker. */
  readonly cause?: unknown;
}
