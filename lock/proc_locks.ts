import type { Inode } from "./file.ts";
import { hasAllPermissions } from "./in_proc.ts";

/** What `/proc/locks` tells about the writer of one file. */
export interface KernelAnswer {
  readonly held: boolean;
  /** No process has an exclusive flock, but at least one has a shared flock. */
  readonly reader?: true;
  /** The list was not of one moment, so that a lock which is held may be missing from it. */
  readonly uncertain?: true;
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
    const { text, complete } = readLocks();
    const name = `${device.hex}:${file.ino}`;
    const pid = flockOwner(text, name, "WRITE");
    if (pid !== undefined) return pid > 0 ? { held: true, pid } : { held: true };
    if (flockOwner(text, name, "READ") !== undefined) return { held: false, reader: true };
    if (!isInitialPidNamespace() || !isMounted(device.decimal)) return undefined;
    return complete ? { held: false } : { held: false, uncertain: true };
  } catch {
    return undefined;
  }
}

/**
 * The kernel hands the list out a page at a time, however much is asked for, and a lock that is given back between two
 * reads moves another one out of sight. Only a list that one read takes in is of one moment, and complete.
 */
function readLocks(): { text: string; complete: boolean } {
  const bytes = new Uint8Array(65_536);
  using file = Deno.openSync("/proc/locks");
  const first = file.readSync(bytes) ?? 0;
  let length = first;
  for (let read = first; read > 0; length += read) read = file.readSync(bytes.subarray(length)) ?? 0;
  const end = bytes.lastIndexOf(NEWLINE, length - 1) + 1;
  return { text: new TextDecoder().decode(bytes.subarray(0, end)), complete: length === first };
}

const NEWLINE = 10;

/** The pid in the line of a flock, an exclusive or a shared one: `1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF` (proc_locks(5)). */
export function flockOwner(procLocks: string, file: string, wanted: "WRITE" | "READ"): number | undefined {
  for (const line of procLocks.split("\n")) {
    const [, type, , access, pid, inode] = line.trim().split(/\s+/);
    if (type === "FLOCK" && access === wanted && inode === file) return Number(pid);
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
