import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  lstatSync,
  openSync,
  statSync,
} from "node:fs";
import { codeOf } from "./file_error.ts";
import type { Pause } from "./sync_or_async.ts";

/**
 * An open file, through `node:fs`: the runtime closes it with the worker or the `--watch` run that opened it, and no
 * child inherits it.
 */
export class OpenFile implements Disposable {
  readonly fd: number;

  /** Opens `path` with the flags of open(2); what is created has mode 0644 before the umask. */
  constructor(path: string, flags: number) {
    this.fd = openSync(path, flags, 0o644);
  }

  /** The same, but it never follows a symbolic link, and never waits for the other end of a FIFO. */
  static inPlace(path: string, flags: number): OpenFile {
    return new OpenFile(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  }

  /** fstat(2). */
  get stat(): BigIntStats {
    return fstatSync(this.fd, EXACT);
  }

  /** fsync(2); where the file lives in memory there is nothing to wait for. */
  flush({ memory }: { readonly memory: boolean }): Pause {
    if (memory) return { wait: () => {}, waitSync: () => {} };
    return {
      wait: () =>
        new Promise((resolve, reject) => fsync(this.fd, (error) => error === null ? resolve() : reject(error))),
      waitSync: () => fsyncSync(this.fd),
    };
  }

  /** close(2), which closes even where it fails. Nothing is lost by a failure: what must reach the disk was flushed. */
  [Symbol.dispose](): void {
    try {
      closeSync(this.fd);
    } catch {
      // An error here would hide the one that led here, or turn a lock that is held into a failure.
    }
  }
}

/** What tells a file from every other while it is open. Bigints, since some filesystems have numbers beyond 2^53. */
export interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The inode that `path` leads to, through symbolic links; undefined when nothing is there. */
export function inodeAt(path: string): Inode | undefined {
  return exactly(path, Deno.statSync, statSync);
}

/** The inode at `path` itself, be it a symbolic link; undefined when nothing is there. */
export function inodeInPlace(path: string): Inode | undefined {
  return exactly(path, Deno.lstatSync, lstatSync);
}

/** Whether both are the same file. */
export function sameInode(a: Inode | undefined, b: Inode): boolean {
  return a !== undefined && a.ino === b.ino && a.dev === b.dev;
}

const EXACT = { bigint: true } as const;

/** No entry of that name; or what should be a directory on the way there is a file. */
const NOTHING_THERE: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR"]);

/** Deno's stat takes a third of the time of `node:fs`'s, but gives numbers, which are exact up to 2^53 only. */
function exactly(
  path: string,
  denoStat: (path: string) => Deno.FileInfo,
  nodeStat: (path: string, options: typeof EXACT) => Inode,
): Inode | undefined {
  try {
    const { dev, ino } = denoStat(path);
    if (!Number.isSafeInteger(ino) || !Number.isSafeInteger(dev)) return nodeStat(path, EXACT);
    return { dev: BigInt(dev), ino: BigInt(ino!) };
  } catch (error) {
    if (NOTHING_THERE.has(codeOf(error))) return undefined;
    throw error;
  }
}
