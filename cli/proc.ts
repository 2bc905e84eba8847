import { statSync } from "node:fs";
import { type Inode, sameInode } from "../lock/inode.ts";
import { hasAllPermissions } from "../lock/proc_locks.ts";

/** The command line of a process; undefined where it cannot be read. */
export function commandOf(pid: number): string[] | undefined {
  return inProc(() => {
    const words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
    // A kernel thread has none, and a zombie has it no more.
    return words.length === 0 ? undefined : words;
  });
}

/** The unit of the times in `/proc/<pid>/stat`, in milliseconds: the same for all programs, whatever the kernel's own is. */
const TICK = 10;

/** When a process was started, to the second; undefined where it cannot be read. */
export function startOf(pid: number): Date | undefined {
  return inProc(() => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The second field is a name in parentheses, which may itself have blanks and parentheses in it.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const boot = Number(/^btime (\d+)$/m.exec(Deno.readTextFileSync("/proc/stat"))?.[1]);
    return new Date(boot * 1_000 + ticks * TICK);
  });
}

/** A process that has the lockfile open with its exclusive flock: the one that took it, or one that inherited it. */
export interface Carrier {
  readonly pid: number;
  /** The process that took it, which may have ended since. */
  readonly takenBy: number;
}

/** A process as a carrier of the flock; undefined where that cannot be read, and null if it is none. */
export function carrierOf(lockfile: Inode, pid: number): Carrier | null | undefined {
  return inProc(() => lookForFlock(lockfile, pid));
}

/**
 * The processes that carry the flock, as far as this user may look into them. Those that have the file open and wait are
 * none.
 */
export function carriersOf(lockfile: Inode): Carrier[] | undefined {
  return inProc(() => {
    const pids = names("/proc").map(Number).filter((pid) => pid > 0);
    return pids.map((pid) => attempt(() => lookForFlock(lockfile, pid)) ?? null).filter((carrier) => carrier !== null);
  });
}

function lookForFlock(lockfile: Inode, pid: number): Carrier | null {
  for (const fd of names(`/proc/${pid}/fd`)) {
    const takenBy = attempt(() => flockTaker(lockfile, { pid, fd }));
    if (takenBy !== undefined) return { pid, takenBy };
  }
  return null;
}

function flockTaker(lockfile: Inode, { pid, fd }: { pid: number; fd: string }): number | undefined {
  const path = `/proc/${pid}/fd/${fd}`;
  // The name first, since stat(2) of another file, on a network filesystem that is gone, may hang.
  if (!Deno.readLinkSync(path).endsWith("/.handoff.lock")) return undefined;
  if (!sameInode(statSync(path, { bigint: true }), lockfile)) return undefined;
  const info = Deno.readTextFileSync(`/proc/${pid}/fdinfo/${fd}`);
  const [, taker] = /^lock:\s+\d+: FLOCK\s+\S+\s+WRITE (\d+) /m.exec(info) ?? [];
  return taker === undefined ? undefined : Number(taker);
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

/** Deno guards `/proc` by `--allow-all`; without that it is left alone, since the user would be asked. */
function inProc<T>(look: () => T): T | undefined {
  return Deno.build.os === "linux" && hasAllPermissions() ? attempt(look) : undefined;
}

/** Processes end while they are looked at, and belong to others. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
