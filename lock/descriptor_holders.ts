import { type Inode, inodeAt, inodeInPlace, sameInode } from "./file.ts";
import type { Holder } from "./holder.ts";
import { lockfilePath } from "./lockfile.ts";
import { attempt, inProc } from "./in_proc.ts";

/** A process that has the lockfile open with its exclusive flock: the one that took it, or one that inherited it. */
export interface DescriptorHolder {
  readonly pid: number;
  /** The process that took it, which may have ended since. */
  readonly takenBy: number;
}

/**
 * The processes that hold the lock of a directory although its pidfile does not name them, as far as this user may look
 * into them; undefined where the pidfile names the right one, or where it cannot be found out. Those that have the file
 * open and wait are not among them.
 */
export function descriptorHoldersBeside(dataDir: string, { pid, liveness }: Holder): DescriptorHolder[] | undefined {
  const lockfile = inodeInPlace(lockfilePath(dataDir));
  if (lockfile === undefined) return undefined;
  if (pid !== undefined && liveness === "alive" && inProc(() => descriptorHolder(lockfile, pid)) !== null) {
    return undefined;
  }
  return inProc(() => {
    const pids = names("/proc").map(Number).filter((pid) => pid > 0);
    return pids.map((pid) => attempt(() => descriptorHolder(lockfile, pid)) ?? null).filter((found) => found !== null);
  });
}

/** Whether process `pid` has the lockfile open with its exclusive flock; undefined where it cannot be found out. */
export function hasLockOpen(dataDir: string, pid: number): boolean | undefined {
  const lockfile = inodeInPlace(lockfilePath(dataDir));
  return lockfile && inProc(() => descriptorHolder(lockfile, pid) !== null);
}

/** A process as a holder of the flock; null if it is none. */
function descriptorHolder(lockfile: Inode, pid: number): DescriptorHolder | null {
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
  if (!sameInode(inodeAt(path), lockfile)) return undefined;
  const info = Deno.readTextFileSync(`/proc/${pid}/fdinfo/${fd}`);
  const [, taker] = /^lock:\s+\d+: FLOCK\s+\S+\s+WRITE (\d+) /m.exec(info) ?? [];
  return taker === undefined ? undefined : Number(taker);
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}
