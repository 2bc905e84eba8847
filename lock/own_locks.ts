import { type Inode, sameInode } from "./file.ts";

/** The lockfiles that this program holds, as far as this thread knows: a worker has a list of its own. */
const own = new Set<Inode>();

/** Lists a lock of ours, until the disposal. */
export function listOwnLock(lockfile: Inode): Disposable {
  own.add(lockfile);
  return { [Symbol.dispose]: () => void own.delete(lockfile) };
}

/** Whether the lock on this file is one of ours. */
export function isOwnLock(lockfile: Inode): boolean {
  return [...own].some((inode) => sameInode(inode, lockfile));
}
