import { HandoffError } from "../../lock/errors.ts";
import type { UnfinishedRequest } from "./service.ts";

/** The daemon cannot be drained: handlers go on beyond the deadline, and could write after the state is closed. */
export class DrainError extends HandoffError {
  /** The requests whose handlers have not settled. */
  readonly pending: readonly UnfinishedRequest[];

  /** An error that names each of `pending`. */
  constructor(pending: readonly UnfinishedRequest[]) {
    super(
      `Cannot drain the daemon: ${pending.map(describe).join(", ")} did not settle after request.signal was aborted. ` +
        "Let the handler end when its signal or `draining` is aborted",
    );
    this.pending = pending;
  }
}

/** A successor whose supervisor called the handoff off, or is gone, before its turn had come. */
export class DismissedError extends HandoffError {
  /** What the supervisor said; undefined when its connection ended. */
  readonly reason?: string | undefined;

  /** An error for `reason`. */
  constructor(reason?: string) {
    super(
      reason === undefined
        ? "The supervisor's connection ended before this successor's turn had come"
        : `The supervisor called the handoff off: ${reason}`,
    );
    this.reason = reason;
  }
}

/** The incumbent did not give the lock to this successor, since it serves on itself. */
export class LockRefusedError extends HandoffError {}

function describe({ method, path, ageMs }: UnfinishedRequest): string {
  const request = method === "" ? "a connection" : `${method} ${path}`;
  return `${request} (for ${Math.round(ageMs)} ms)`;
}
