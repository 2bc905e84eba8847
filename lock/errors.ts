import { HandoffError } from "../ffi/errors.ts";
import type { Holder } from "./holder.ts";
import type { Pidfile } from "./pidfile.ts";

export { codeOf } from "./file_error.ts";
export { HandoffError, LockUnsupportedError, type LockUnsupportedReason, SyscallError } from "../ffi/errors.ts";

/** What an error tells about a lock that was refused. */
export interface Refusal {
  readonly dataDir: string;
  readonly holder: Holder;
  readonly waitedMs: number;
  /** The state of the pidfile. */
  readonly pidfile?: Pidfile["state"];
  /** How many names the lockfile has. */
  readonly links?: number;
}

/** Another open file holds the lock: of another process, of a worker, or of this very program. */
export class LockHeldError extends HandoffError {
  /** The data directory that was asked for, as an absolute path. */
  readonly dataDir: string;
  /** The holder, according to the pidfile. */
  readonly holder: Holder;
  /** How long the call waited, in milliseconds; 0 if it was not to wait. */
  readonly waitedMs: number;

  /** An error that explains who holds `dataDir`; `doing` is what could not be done to it. */
  constructor({ dataDir, holder, waitedMs, pidfile, links = 1 }: Refusal, doing = "lock") {
    const waited = waitedMs === 0 ? "" : `after waiting ${waitedMs} ms `;
    super(
      `Cannot ${doing} ${JSON.stringify(dataDir)}: ${waited}${explain(holder, pidfile)} ${
        linked(links)
      }${NEVER_DELETE}`,
    );
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
  constructor(refusal: Refusal) {
    super(refusal, "break the lock of");
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

/** A copy that `cp -al` or rsnapshot made of the directory shares the lockfile, and the lock with it. */
function linked(links: number): string {
  if (links === 1) return "";
  return `The file .handoff.lock has ${links} names: a copy of the directory that was made of hard links shares its ` +
    "lock, and the holder of either keeps both. Replace the copy's by a file of its own. ";
}

/** Who holds the lock, and what a person can do about it. */
function explain({ pid, liveness, self, zombie, reader }: Holder, pidfile: Pidfile["state"] = "missing"): string {
  if (reader) {
    return "nobody writes, but a reader has a shared flock on .handoff.lock. An inspection takes one for microseconds; " +
      "one that was stopped in the middle keeps it until it goes on or ends.";
  }
  if (self) return "this program holds it already. Release that lock first.";
  if (pid === undefined) return `it is held, and its holder is unknown: .handoff.pidfile is ${pidfile}. ${OTHERS}`;
  const named = `it is held, and the pidfile names process ${pid}`;
  if (pid === Deno.pid) {
    return `${named}, which is this process's own number: a worker of this program may hold it, or, where containers ` +
      `share the directory, a process ${pid} of another one.`;
  }
  if (zombie) return `${named}, which has ended; its parent has not waited for it (a zombie). ${OTHERS}`;
  if (liveness === "dead") return `${named}, which is dead. ${OTHERS}`;
  if (liveness === "unknown") return `${named}, of which the kernel does not tell whether it is alive. ${OTHERS}`;
  return `${named}, and a process ${pid} is alive. If that is the program which uses the directory, stop it; ` +
    "otherwise another program or container holds it.";
}

const OTHERS = "A child that inherited the lock may hold it, another program or container, or a process that is just " +
  "starting.";
