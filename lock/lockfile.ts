import { constants } from "node:fs";
import { LockUnsupportedError } from "../ffi/errors.ts";
import { type Filesystem, filesystemOf } from "../ffi/filesystem.ts";
import { tryFlock, unlockFlock } from "../ffi/flock.ts";
import { duplicateForChildren, type Libc } from "../ffi/libc.ts";
import type { ReceivedDescriptor } from "../ffi/received_descriptor.ts";
import { type Inode, inodeInPlace, OpenFile, sameInode } from "./file.ts";
import { codeOf, fileError } from "./file_error.ts";

/** The path of the lockfile of `dataDir`. */
export function lockfilePath(dataDir: string): string {
  return `${dataDir}/.handoff.lock`;
}

/** How often, a millisecond apart, to look again while nothing but readers is in its way. */
export const MAX_READER_TRIES = 100;

/** Who keeps a flock from being granted: an exclusive one, or nothing but shared ones. */
export type Obstacle = "writer" | "reader";

/**
 * An open `.handoff.lock`, which must be a regular file. A descriptor that libc opened would outlive its worker, and keep
 * the lock for ever: see {@linkcode OpenFile}.
 */
export class Lockfile implements Disposable {
  readonly path: string;
  readonly #libc: Pick<Libc, "flock" | "fstatfs">;
  readonly #dataDir: string;
  readonly #file: OpenFile;
  #filesystem?: Filesystem;
  #inode?: Inode;
  #locked = false;
  #shared = false;
  #passed = false;

  private constructor(libc: Pick<Libc, "flock" | "fstatfs">, dataDir: string, open: (path: string) => OpenFile) {
    this.#libc = libc;
    this.#dataDir = dataDir;
    this.path = lockfilePath(dataDir);
    try {
      this.#file = open(this.path);
    } catch (cause) {
      throw this.#openError(cause);
    }
  }

  /** Opens the lockfile; undefined when it, or the directory, is missing. */
  static open(libc: Pick<Libc, "flock" | "fstatfs">, dataDir: string): Lockfile | undefined {
    return unlessMissing(() => new Lockfile(libc, dataDir, openToLock));
  }

  /** The same, read-only, for inspection. */
  static openReadOnly(libc: Pick<Libc, "flock" | "fstatfs">, dataDir: string): Lockfile | undefined {
    return unlessMissing(() => new Lockfile(libc, dataDir, openReadOnly));
  }

  /** Opens the lockfile of an existing directory; creates it unless another process just has. */
  static create(libc: Pick<Libc, "flock" | "fstatfs">, dataDir: string): Lockfile {
    return new Lockfile(libc, dataDir, openOrCreate);
  }

  /**
   * The lockfile that another process locked and sent. It gets a number that the runtime knows and closes with its
   * worker: that of another open of the same path, which has no flock. Undefined when what was received is not open, or
   * not the file at the path.
   */
  static receive(
    libc: Pick<Libc, "flock" | "fstatfs">,
    dataDir: string,
    received: ReceivedDescriptor,
  ): Lockfile | undefined {
    using opened = new DisposableStack();
    const lockfile = Lockfile.openReadOnly(libc, dataDir);
    if (lockfile === undefined) return undefined;
    opened.use(lockfile);
    const inPlace = lockfile.requireRegularFile();
    if (!received.replace(lockfile.#file.fd) || !sameInode(lockfile.#file.stat, inPlace)) return undefined;
    opened.move();
    return lockfile;
  }

  /** The filesystem it is on. */
  get filesystem(): Filesystem {
    return this.#filesystem ??= filesystemOf(this.#libc, this.#file.fd);
  }

  /** Which file this is. Throws as {@linkcode Lockfile.requireRegularFile} does. */
  get inode(): Inode {
    return this.#inode ??= this.requireRegularFile();
  }

  /** How many names the file has: more than one where a copy of the directory was made of hard links. */
  get links(): number {
    return Number(this.#file.stat.nlink);
  }

  /** Throws {@linkcode LockUnsupportedError} when this is not a regular file, and gives its inode otherwise. */
  requireRegularFile(): Inode {
    const { stat } = this.#file;
    if (stat.isFile()) return stat;
    throw new LockUnsupportedError(
      "lockfile",
      `Cannot lock ${
        JSON.stringify(this.path)
      }: it is not a regular file. Move it away so that a lockfile can be created.`,
    );
  }

  /** Takes the flock if it is free. Never waits. */
  tryLock(): boolean {
    return this.#locked = tryFlock(this.#libc, this.#file.fd, { path: this.path });
  }

  /** Takes the flock if it is free; says who is in the way otherwise. */
  tryOrMeet(): Obstacle | undefined {
    if (this.tryLock()) return undefined;
    return this.hasWriter() ? "writer" : "reader";
  }

  /**
   * Whether a writer holds it: asked by a shared flock, held for microseconds. Those who ask at the same time do not
   * disturb each other, and a writer who comes just then tries again. Not to be asked while holding.
   */
  hasWriter(): boolean {
    if (!tryFlock(this.#libc, this.#file.fd, { path: this.path, shared: true })) return true;
    this.#locked = true;
    this.unlock();
    return false;
  }

  /**
   * Proves, with the flock held, that it excludes others: a second, independent open of the path must be refused.
   *
   * False when the path leads to another file by now: the lockfile was replaced between our open and our flock,
   * and who opens the path from now on would not meet our lock. That the second open is of *our* file has to be
   * compared as well, since on another file another holder would refuse us just the same.
   *
   * Throws {@linkcode LockUnsupportedError} where nobody is refused.
   */
  excludesOthers(): boolean {
    using second = this.#openAgain();
    if (second === undefined) return false;
    if (!sameInode(second.stat, this.inode)) return false;
    if (!tryFlock(this.#libc, second.fd, { path: this.path })) return true;
    unlockFlock(this.#libc, second.fd, this.path);
    throw new LockUnsupportedError(
      "filesystem",
      `Cannot lock ${
        JSON.stringify(this.#dataDir)
      }: flock excludes nobody on this filesystem. Use a directory on a local filesystem.`,
    );
  }

  /** Whether the path still leads to this file. */
  isInPlace(): boolean {
    try {
      return sameInode(inodeInPlace(this.path), this.inode);
    } catch (cause) {
      throw fileError("inspect the lockfile", this.path, { cause, dataDir: this.#dataDir });
    }
  }

  /**
   * Lets every child process that is spawned before the disposal inherit the open file, and the flock with it: it is
   * then held until the last of them has ended.
   */
  shareWithChildren(): Disposable {
    this.#shared = true;
    return duplicateForChildren(this.#file.fd);
  }

  /**
   * Has `send` send the open file, and the flock with it, to another process. True when it was sent: then, or while it
   * may have been, the flock is not this process's to give back.
   */
  pass(send: (fd: number) => boolean): boolean {
    this.#passed = true;
    let sent = false;
    try {
      sent = send(this.#file.fd);
    } finally {
      this.#passed = sent;
    }
    return sent;
  }

  /** Whether it was sent to another process. */
  get passed(): boolean {
    return this.#passed;
  }

  /** Gives the flock back; not for those who inherited or received it on purpose. */
  unlock(): void {
    // LOCK_UN would take it from every process that has the file open; closing it takes it from this one.
    if (this.#shared || this.#passed) return;
    unlockFlock(this.#libc, this.#file.fd, this.path);
    this.#locked = false;
  }

  /**
   * Closes the file. A flock that was not given back is unlocked before: a child between fork and exec has the file open,
   * too, and would keep it. One that is shared on purpose stays with those who inherited it.
   */
  [Symbol.dispose](): void {
    try {
      if (this.#locked) this.unlock();
    } catch {
      // The closing gives it back, and the error that led here is the one to report.
    } finally {
      this.#file[Symbol.dispose]();
    }
  }

  #openAgain(): OpenFile | undefined {
    try {
      return unlessMissing(() => openReadOnly(this.path));
    } catch (cause) {
      throw this.#openError(cause);
    }
  }

  #openError(cause: unknown): Error {
    return fileError("open the lockfile", this.path, { cause, dataDir: this.#dataDir });
  }
}

function unlessMissing<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writable where possible: waiters are woken by the closing of a writable file, and where flock is emulated by fcntl
 * locks an exclusive one needs it. A lockfile that we may only read can still be locked.
 */
function openToLock(path: string): OpenFile {
  try {
    return OpenFile.inPlace(path, constants.O_RDWR);
  } catch (error) {
    if (codeOf(error) !== "EACCES") throw error;
    return openReadOnly(path);
  }
}

function openOrCreate(path: string): OpenFile {
  return OpenFile.inPlace(path, constants.O_RDWR | constants.O_CREAT);
}

/** For reading only: those who watch the file are told when a writable one is closed. */
function openReadOnly(path: string): OpenFile {
  return OpenFile.inPlace(path, constants.O_RDONLY);
}
