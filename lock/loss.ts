import { type FSWatcher, watch } from "node:fs";
import { LockLostError, type LockLostReason } from "./errors.ts";
import { fileError } from "./file_error.ts";
import { type Inode, inodeAt, inodeInPlace, sameInode } from "./file.ts";
import { lockfilePath } from "./lockfile.ts";

/**
 * Where a lock was taken. The kernel keeps a lock on the inode, whatever becomes of its name: once the path leads to
 * another inode, or nowhere, another process can lock the file there, and neither would know. A link count does not
 * tell, since a file that was renamed keeps it.
 */
export class LockedPath {
  readonly dataDir: string;
  readonly #directory: Inode | undefined;
  readonly #lockfile: Inode;

  /** The directory at the path now, and the lockfile that was locked in it. */
  constructor(dataDir: string, lockfile: Inode) {
    this.dataDir = dataDir;
    this.#directory = inodeAt(dataDir);
    this.#lockfile = lockfile;
  }

  /** Why the lock no longer excludes others; undefined while it does. Throws Deno's error when the path cannot be read. */
  loss(): LockLostError | undefined {
    const reason = this.#reason();
    return reason === undefined ? undefined : new LockLostError({ dataDir: this.dataDir, reason });
  }

  /** Throws the loss, if there is one. */
  requireInPlace(): void {
    const loss = this.loss();
    if (loss !== undefined) throw loss;
  }

  #reason(): LockLostReason | undefined {
    try {
      const directory = inodeAt(this.dataDir);
      if (directory === undefined) return "directory-missing";
      if (!sameInode(this.#directory, directory)) return "directory-replaced";
      const lockfile = inodeInPlace(lockfilePath(this.dataDir));
      if (lockfile === undefined) return "lockfile-missing";
      if (!sameInode(lockfile, this.#lockfile)) return "lockfile-replaced";
    } catch (cause) {
      throw fileError("inspect", this.dataDir, { cause, dataDir: this.dataDir });
    }
  }
}

/** How often to look, in milliseconds, for what no file system event tells, such as a renamed directory. */
const INTERVAL = 1_000;

/** What to look at, and how. */
export interface LossWatchOptions {
  /** The file whose events are a reason to look at once. */
  readonly path: string;
  /** The loss, when there is one. */
  readonly check: () => Error | undefined;
}

/** Looks about once a second, and on events, whether the lock is lost. Never keeps the process alive. */
export class LossWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #check: () => Error | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #watcher?: FSWatcher;

  constructor({ path, check }: LossWatchOptions) {
    this.#check = check;
    this.#timer = setInterval(() => {
      this.#watcher?.unref();
      this.#look();
    }, INTERVAL);
    Deno.unrefTimer(this.#timer);
    try {
      this.#watcher = watch(path, () => this.#onEvent());
      this.#watcher.unref();
      // Without events there is still the interval.
      this.#watcher.on("error", () => {});
    } catch {
      // The same.
    }
    this.#look();
  }

  /** Aborted when the lock is lost, with the loss as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
  }

  #onEvent(): void {
    this.#look();
    // Deno 2.9 refs the watcher again at each event; the interval unrefs it too, should the order of things change.
    queueMicrotask(() => this.#watcher?.unref());
  }

  #look(): void {
    const loss = this.#loss();
    if (loss === undefined) return;
    this[Symbol.dispose]();
    this.#controller.abort(loss);
  }

  /** A path that cannot be read says nothing about the lock, and a timer that throws would end the process. */
  #loss(): Error | undefined {
    try {
      return this.#check();
    } catch {
      return undefined;
    }
  }
}
