import { livenessOf } from "../ffi/kill.ts";
import type { Libc } from "../ffi/libc.ts";
import type { Inode } from "./file.ts";
import { inProc } from "./in_proc.ts";
import { isOwnLock } from "./own_locks.ts";
import { readPidfile } from "./pidfile.ts";

/** Who holds a lock, as far as the pidfile tells. It explains a refusal; the kernel alone decides who is refused. */
export interface Holder {
  /** The process that the pidfile names; absent when the pidfile is missing, unreadable or malformed. */
  readonly pid?: number;
  /** Whether that process exists (`kill(pid, 0)`); `"unknown"` without a pid, and where the kernel does not tell. */
  readonly liveness: "alive" | "dead" | "unknown";
  /** Whether this very program holds the lock, as far as this thread knows; a worker's lock is its own. */
  readonly self: boolean;
  /** True where the process has ended, and its parent has not waited for it. Only `-A` on Linux can tell. */
  readonly zombie?: true;
  /**
   * False where the kernel shows that the process does not have the lock: the pidfile was left by an earlier process, or
   * written in another container. Only {@linkcode inspect} asks, with `-A` on Linux.
   */
  readonly holds?: false;
  /** True where nothing but shared flocks is in the way: of a reader, such as an inspection that was stopped. */
  readonly reader?: true;
}

/** A holder of whom no more is known than that it is a reader. */
export const READER: Holder = { liveness: "unknown", self: false, reader: true };

/** Who holds, or held, the lock of `dataDir`, by what its pidfile says; `lockfile` is the file that is locked. */
export function readHolder(
  libc: Pick<Libc, "kill">,
  dataDir: string,
  lockfile: Inode | undefined,
  { pid } = readPidfile(dataDir),
): Holder {
  const self = lockfile !== undefined && isOwnLock(lockfile);
  if (pid === undefined) return { liveness: "unknown", self };
  return { pid, liveness: livenessOf(libc, pid), self };
}

/** The same holder, with what `/proc` tells of a process that has ended and is still listed. */
export function withZombie(holder: Holder): Holder {
  const { pid, liveness } = holder;
  if (pid === undefined || liveness !== "alive") return holder;
  const state = inProc(() => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The name before it is in parentheses, and may have any character in it.
    return stat.charAt(stat.lastIndexOf(")") + 2);
  });
  return state === "Z" ? { ...holder, zombie: true } : holder;
}
