import { statSync } from "node:fs";
import { type Inode, sameInode } from "../lock/inode.ts";

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

/** Whether a process has the lockfile open with its exclusive flock; undefined where that cannot be read. */
export function carriesFlock(pid: number, lockfile: Inode): boolean | undefined {
  return inProc(() => lookForFlock(pid, lockfile));
}

/**
 * The processes that have the lockfile open with its exclusive flock, as far as this user may look into them: the one
 * that took it, and those that inherited it. Not those that have the file open and wait.
 */
export function flockCarriers(lockfile: Inode): number[] | undefined {
  return inProc(() => {
    const pids = names("/proc").map(Number).filter((pid) => pid > 0);
    return pids.filter((pid) => attempt(() => lookForFlock(pid, lockfile)));
  });
}

function lookForFlock(pid: number, lockfile: Inode): boolean {
  return names(`/proc/${pid}/fd`).some((fd) => attempt(() => isFlocked(pid, fd, lockfile)));
}

function isFlocked(pid: number, fd: string, lockfile: Inode): boolean {
  const path = `/proc/${pid}/fd/${fd}`;
  // The name first, since stat(2) of another file, on a network filesystem that is gone, may hang.
  if (!Deno.readLinkSync(path).endsWith("/.handoff.lock")) return false;
  if (!sameInode(statSync(path, { bigint: true }), lockfile)) return false;
  return /^lock:\s+\d+: FLOCK\s+\S+\s+WRITE\s/m.test(Deno.readTextFileSync(`/proc/${pid}/fdinfo/${fd}`));
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

/** Deno guards `/proc` by `--allow-all`; without that it is left alone, since the user would be asked. */
function inProc<T>(look: () => T): T | undefined {
  return Deno.build.os === "linux" && hasAllPermissions() ? attempt(look) : undefined;
}

const PERMISSIONS = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

function hasAllPermissions(): boolean {
  return PERMISSIONS.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** Processes end while they are looked at, and belong to others. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
