import type { Inode } from "./inode.ts";

/** What `/proc/locks` tells about the writer of one file. */
export interface KernelAnswer {
  readonly held: boolean;
  /** The process that took the lock; it may have ended since, and left the lock to a child. */
  readonly pid?: number;
}

/**
 * The kernel's own answer to who holds an exclusive flock on a file; undefined where it cannot be had, or where its
 * silence proves nothing: `/proc/locks` shows only the processes of its pid namespace, and on some filesystems (btrfs,
 * overlayfs) it names another device than stat(2) does.
 *
 * Deno guards `/proc` by `--allow-all`, so without that it is not even tried: it would ask the user.
 */
export function askKernel(file: Inode): KernelAnswer | undefined {
  if (Deno.build.os !== "linux" || !hasAllPermissions()) return undefined;
  try {
    const device = deviceName(file.dev);
    const pid = flockWriter(Deno.readTextFileSync("/proc/locks"), `${device.hex}:${file.ino}`);
    if (pid !== undefined) return pid > 0 ? { held: true, pid } : { held: true };
    return isInitialPidNamespace() && isMounted(device.decimal) ? { held: false } : undefined;
  } catch {
    return undefined;
  }
}

const PERMISSIONS = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

function hasAllPermissions(): boolean {
  return PERMISSIONS.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** The pid in the line of an exclusive flock: `1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF` (proc_locks(5)). */
export function flockWriter(procLocks: string, file: string): number | undefined {
  for (const line of procLocks.split("\n")) {
    const [, type, , access, pid, inode] = line.trim().split(/\s+/);
    if (type === "FLOCK" && access === "WRITE" && inode === file) return Number(pid);
  }
}

/** A device number as `/proc/locks` writes it, and as `/proc/self/mountinfo` does. */
function deviceName(dev: bigint): { hex: string; decimal: string } {
  // makedev(3): 12 and 20 bits of the major, 8 and 24 bits of the minor, interleaved.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  const hex = [major, minor].map((part) => part.toString(16).padStart(2, "0")).join(":");
  return { hex, decimal: `${major}:${minor}` };
}

/** `PROC_PID_INIT_INO` of `<linux/proc_ns.h>`: the only namespace that sees the processes of all the others. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";

function isInitialPidNamespace(): boolean {
  return Deno.readLinkSync("/proc/self/ns/pid") === INITIAL_PID_NAMESPACE;
}

function isMounted(device: string): boolean {
  return Deno.readTextFileSync("/proc/self/mountinfo").split("\n").some((line) => line.split(" ")[2] === device);
}
