import { type BigIntStats, closeSync, constants, fstatSync, fsync, fsyncSync, lstatSync, openSync } from "node:fs";
import { exactInode, type FileOrPath } from "../ffi/exact_inode.ts";
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

  /** fstat(2), with exact numbers. */
  get stat(): BigIntStats {
    return exactly(fstatSync(this.fd, BIGINT), this.fd);
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

/** What tells a file from every other while it is open. */
export interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The inode that `path` leads to, through symbolic links; undefined when nothing is there. */
export function inodeAt(path: string): Inode | undefined {
  return unlessMissing(() => inodeOf(Deno.statSync(path), { path, followLink: true }));
}

/** The inode at `path` itself, be it a symbolic link; undefined when nothing is there. */
export function inodeInPlace(path: string): Inode | undefined {
  return unlessMissing(() => inodeOf(Deno.lstatSync(path), { path, followLink: false }));
}

/** lstat(2), with exact numbers; undefined when nothing is there. Throws where a directory on the way is a file. */
export function statInPlace(path: string): BigIntStats | undefined {
  const stat = lstatSync(path, { ...BIGINT, throwIfNoEntry: false });
  return stat && exactly(stat, { path, followLink: false });
}

/** Whether both are the same file. */
export function sameInode(a: Inode | undefined, b: Inode): boolean {
  return a !== undefined && a.ino === b.ino && a.dev === b.dev;
}

const BIGINT = { bigint: true } as const;

/** The runtime rounds larger numbers, in bigints, too; one that is not larger is not rounded. */
const LARGEST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

function exactly(stat: BigIntStats, file: FileOrPath): BigIntStats {
  return stat.ino <= LARGEST_EXACT && stat.dev <= LARGEST_EXACT ? stat : Object.assign(stat, exactInode(file));
}

/** Deno's stat takes a third of the time of `node:fs`'s. */
function inodeOf({ dev, ino }: Deno.FileInfo, file: FileOrPath): Inode {
  if (!Number.isSafeInteger(ino) || !Number.isSafeInteger(dev)) return exactInode(file);
  return { dev: BigInt(dev), ino: BigInt(ino!) };
}

/** No entry of that name; or what should be a directory on the way there is a file. */
const NOTHING_THERE: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR"]);

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (NOTHING_THERE.has(codeOf(error))) return undefined;
    throw error;
  }
}
