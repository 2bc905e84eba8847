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

/** Ends a command with an exit code, and with a message for standard error unless it is empty. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message = "", options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
