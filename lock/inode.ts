import { fstatSync, lstatSync, statSync } from "node:fs";
import { codeOf } from "./file_error.ts";

/** What tells a file from every other while it is open. Bigints, since some filesystems have numbers beyond 2^53. */
export interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The inode of an open file. */
export function inodeOf(fd: number): Inode {
  return fstatSync(fd, EXACT);
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
