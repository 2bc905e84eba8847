import { fstatSync } from "node:fs";

/** What tells a file from every other while it is open. Bigints, since inode numbers exceed 2^53 on some filesystems. */
export interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The inode of an open file. */
export function inodeOf(fd: number): Inode {
  return fstatSync(fd, { bigint: true });
}

/** Whether both are the same file. */
export function sameInode(a: Inode, b: Inode): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}
