import { HandoffError } from "../ffi/errors.ts";
import type { Holder } from "./holder.ts";

export { codeOf } from "./file_error.ts";
export { HandoffError, LockUnsupportedError, type LockUnsupportedReason, SyscallError } from "../ffi/errors.ts";

/** Another open file holds the lock: of another process, of a worker, or of this very program. */
export class LockHeldError extends HandoffError {
  /** The data directory that was asked for, as an absolute path. */
  readonly dataDir: string;
  /** The holder, according to the pidfile. */
  readonly holder: Holder;
  /** How long the call waited, in milliseconds; 0 if it was not to wait. */
  readonly waitedMs: number;

  /** An error that explains who holds `dataDir`; `doing` is what could not be done to it. */
  constructor(
    { dataDir, holder, waitedMs }: { readonly dataDir: string; readonly holder: Holder; readonly waitedMs: number },
    doing = "lock",
  ) {
    const waited = waitedMs === 0 ? "" : `after waiting ${waitedMs} ms `;
    super(`Cannot ${doing} ${JSON.stringify(dataDir)}: ${waited}${explain(holder)}`);
    this.dataDir = dataDir;
    this.holder = holder;
    this.waitedMs = waitedMs;
  }

  /** The same as `holder.pid`. */
  get holderPid(): number | undefined {
    return this.holder.pid;
  }
}

/**
 * `acquireOrBreakStale` was refused: the holder is alive, or something other than the named holder has the lock. The lock
 * is held, so this is a {@linkcode LockHeldError}, too.
 */
export class StaleLockBreakRefusedError extends LockHeldError {
  /** An error that explains who holds `dataDir`. */
  constructor(fields: { readonly dataDir: string; readonly holder: Holder; readonly waitedMs: number }) {
    super(fields, "break the lock of");
  }
}

/** The descriptor that another process sent is not the lock of the directory. It was closed, and nothing is locked. */
export class LockAdoptionError extends HandoffError {
  /** The data directory, as an absolute path. */
  readonly dataDir: string;

  /** An error about what came as descriptor `fd`. */
  constructor(dataDir: string, fd: number) {
    super(
      `Cannot adopt the lock of ${
        JSON.stringify(dataDir)
      }: descriptor ${fd} is not its .handoff.lock. Another file was ` +
        "received, or .handoff.lock was deleted or replaced after it was locked",
    );
    this.dataDir = dataDir;
  }
}

/**
 * How exclusion was lost: the lockfile or the data directory is no longer at its path, or another one is. The path is the
 * one that the lock was acquired by.
 */
export type LockLostReason = "lockfile-replaced" | "lockfile-missing" | "directory-replaced" | "directory-missing";

/** The lock is held, but on a file that is no longer at its path: another process can become a second writer. */
export class LockLostError extends HandoffError {
  /** The data directory, as an absolute path. */
  readonly dataDir: string;
  /** What happened to it. */
  readonly reason: LockLostReason;

  /** An error that explains what happened to `dataDir`. */
  constructor({ dataDir, reason }: { readonly dataDir: string; readonly reason: LockLostReason }) {
    super(
      `The lock of ${JSON.stringify(dataDir)} no longer excludes anybody: ${LOSSES[reason]}. Stop writing at once: ` +
        "another process may have locked the directory.",
    );
    this.dataDir = dataDir;
    this.reason = reason;
  }
}

const LOSSES: Readonly<Record<LockLostReason, string>> = {
  "lockfile-replaced": ".handoff.lock was replaced by another file",
  "lockfile-missing": ".handoff.lock was deleted or moved away",
  "directory-replaced": "the directory was replaced by another one",
  "directory-missing": "the directory was deleted or moved away",
};

const NEVER_DELETE = "Never delete .handoff.lock: a second writer could then start beside the first.";

/** Who holds the lock, and what a person can do about it. */
function explain({ pid, liveness, self }: Holder): string {
  if (self) {
    return `it is held by this very process (${pid}), which took it earlier, perhaps in a worker. Release that lock first. ` +
      `Where containers share the directory, it may be another container's process ${pid}. ` + NEVER_DELETE;
  }
  if (liveness === "alive") {
    return `it is held by process ${pid}, which is alive. Stop that process, or use another directory. ${NEVER_DELETE}`;
  }
  const who = liveness === "dead"
    ? `the named holder, process ${pid}, is dead`
    : "its holder is unknown: .handoff.pidfile is missing or unreadable";
  return `it is held, but ${who}: a child that inherited the descriptor may hold it, another program or container, ` +
    `or a process that is just starting. ${NEVER_DELETE}`;
}
