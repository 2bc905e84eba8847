import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { LockUnsupportedError } from "../ffi/errors.ts";
import { tryFlock, unlockFlock } from "../ffi/flock.ts";
import type { Libc } from "../ffi/libc.ts";
import { createDataDir } from "./data_dir.ts";
import { codeOf, fileError } from "./file_error.ts";

/** The path of the lockfile of `dataDir`. */
export function lockfilePath(dataDir: string): string {
  return `${dataDir}/.handoff.lock`;
}

/**
 * An open `.handoff.lock`.
 *
 * It is opened through `node:fs` because Deno then closes it with the worker or the `--watch` run that opened it; a
 * descriptor that libc opened would keep the lock for ever. It is close-on-exec: no child inherits the lock.
 */
export class Lockfile implements Disposable {
  readonly #libc: Pick<Libc, "flock">;
  readonly #dataDir: string;
  readonly #path: string;
  readonly #fd: number;
  readonly #inode: Inode;

  /** Opens the lockfile, and creates it and the data directory where they are missing. */
  constructor(libc: Pick<Libc, "flock">, dataDir: string) {
    this.#libc = libc;
    this.#dataDir = dataDir;
    this.#path = lockfilePath(dataDir);
    this.#fd = this.#open();
    try {
      this.#inode = this.#inodeOfRegularFile();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Takes the flock if it is free. Never waits. */
  tryLock(): boolean {
    return tryFlock(this.#libc, this.#fd, this.#path);
  }

  /**
   * Proves, with the flock held, that it excludes others: a second, independent open of the path must be refused.
   *
   * False when the path leads to another file by now: somebody replaced the lockfile between our open and our flock,
   * and who opens the path from now on would not meet our lock. That the second open is of *our* file has to be
   * compared as well, since on another file another holder would refuse us just the same.
   *
   * Throws {@linkcode LockUnsupportedError} where nobody is refused.
   */
  excludesOthers(): boolean {
    const second = this.#openAgain();
    if (second === undefined) return false;
    try {
      if (!sameInode(inodeOf(second), this.#inode)) return false;
      if (!tryFlock(this.#libc, second, this.#path)) return true;
    } finally {
      closeSync(second);
    }
    throw new LockUnsupportedError(
      "filesystem",
      `Cannot lock ${
        JSON.stringify(this.#dataDir)
      }: flock excludes nobody on this filesystem. Use a directory on a local filesystem.`,
    );
  }

  /** Gives the flock back. */
  unlock(): void {
    unlockFlock(this.#libc, this.#fd, this.#path);
  }

  /** Closes the file, and with it gives the flock back. */
  [Symbol.dispose](): void {
    try {
      closeSync(this.#fd);
    } catch (cause) {
      throw this.#error("close", cause);
    }
  }

  #open(): number {
    try {
      return openLockfile(this.#path, constants.O_CREAT);
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw this.#error("open", cause);
    }
    createDataDir(this.#dataDir);
    try {
      return openLockfile(this.#path, constants.O_CREAT);
    } catch (cause) {
      throw this.#error("open", cause);
    }
  }

  #openAgain(): number | undefined {
    try {
      return openLockfile(this.#path, 0);
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return undefined;
      throw this.#error("open", cause);
    }
  }

  #inodeOfRegularFile(): Inode {
    const stat = fstatSync(this.#fd, { bigint: true });
    if (stat.isFile()) return stat;
    throw new LockUnsupportedError(
      "lockfile",
      `Cannot lock ${
        JSON.stringify(this.#path)
      }: it is not a regular file. Move it away, whatever it is, so that a lockfile can be made.`,
    );
  }

  #error(verb: string, cause: unknown): Error {
    const options = { cause, dataDir: this.#dataDir };
    return fileError(`${verb} the lockfile`, this.#path, options);
  }
}

/** What names a file while it is open; bigint, since an inode number may exceed 2^53. */
interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

function inodeOf(fd: number): Inode {
  return fstatSync(fd, { bigint: true });
}

function sameInode(a: Inode, b: Inode): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** Never follows a symbolic link, and never waits for the other end of a FIFO. */
function openLockfile(path: string, create: number): number {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
  const flags = create | O_NOFOLLOW | O_NONBLOCK;
  try {
    return openSync(path, O_RDWR | flags, 0o644);
  } catch (error) {
    // A lockfile that is not ours to write can still be locked; where flock is emulated by fcntl, it must be writable.
    if (codeOf(error) !== "EACCES") throw error;
    return openSync(path, O_RDONLY | flags, 0o644);
  }
}
