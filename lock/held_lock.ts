import { acquireLockfile, Contender } from "./acquire.ts";
import { type Adopted, adoptLockfile } from "./adopt.ts";
import { DataDir, resolveDataDir } from "./data_dir.ts";
import { HandoffError, LockLostError } from "./errors.ts";
import type { Lockfile } from "./lockfile.ts";
import { LockedPath, LossWatch } from "./loss.ts";
import { type AcquireRequest, type AdoptOptions, checkAcquireOptions } from "./options.ts";
import { listOwnLock } from "./own_locks.ts";
import { publishPidfile, withdrawPidfile } from "./pidfile.ts";
import { openLibcFor, requireRuntime } from "./runtime.ts";
import { runAsync, runSync, type Steps } from "./sync_or_async.ts";

/** A directory that is replaced as often as this while it is being acquired is replaced on purpose. */
const MAX_LOSSES = 10;

/** How to acquire: as the callers of `DataDirLock` may say, and whether a lock that looks stale is tried once more. */
export type HoldOptions = Omit<AcquireRequest, "dataDir">;

/**
 * The lock of a data directory, held: what `DataDirLock` is to users, and what it is to the parts of this project that
 * pass it on. They reach `lock/` through this file only, and through `errors.ts`, `options.ts` and `inspect.ts`.
 *
 * The flock belongs to the open file, not to a process: it lasts until the last descriptor of it is closed, or
 * `LOCK_UN` is called on any of them. So a lock that is shared with children is never unlocked here, only closed; nor is
 * one that was passed to another process.
 */
export class HeldLock implements Disposable, AsyncDisposable {
  readonly #path: LockedPath;
  readonly #lockfile: Lockfile;
  #resources: DisposableStack;
  #lossWatch?: LossWatch;

  private constructor(path: LockedPath, lockfile: Lockfile, resources: DisposableStack) {
    this.#path = path;
    this.#lockfile = lockfile;
    this.#resources = resources;
  }

  /** Takes the lock of `dataDir`, as `DataDirLock.acquire` and `acquireOrBreakStale` promise. */
  static async acquire(dataDir: string | URL, options: HoldOptions = {}): Promise<HeldLock> {
    return await runAsync(HeldLock.#acquire(dataDir, options));
  }

  /** The same, but it never waits: not for the lock, and the event loop stands still during a flush. */
  static acquireSync(dataDir: string | URL, options: HoldOptions = {}): HeldLock {
    // Not the timeout and the signal, which a caller may have passed beside the type of a sync form.
    const { onStale, allowNetworkFilesystem, breakStale } = options;
    return runSync(HeldLock.#acquire(dataDir, { onStale, allowNetworkFilesystem, breakStale }));
  }

  /**
   * Makes the lock that another process passed, and that came as descriptor `fd`, this process's own. That it is the
   * lock of `dataDir` is proved as if it had been taken here: the flock is granted on this very descriptor, which
   * changes nothing where it holds it and is refused where another does; it is of the file at the path; and a second
   * open of the path is refused. Then the pidfile names this process.
   *
   * Closes `fd` in every case. Rejects with {@linkcode LockAdoptionError} when it is another file, or the lockfile was
   * replaced; with `LockHeldError` when something else holds the lock; otherwise as an acquire does. After a rejection
   * this process holds nothing, and the pidfile is unchanged. Linux only.
   */
  static async adopt(
    dataDir: string | URL,
    fd: number,
    options: AdoptOptions = {},
  ): Promise<HeldLock> {
    return await runAsync(HeldLock.#adopt(dataDir, fd, options));
  }

  /** The absolute path of the locked directory, fixed when it was acquired. */
  get dataDir(): string {
    return this.#path.dataDir;
  }

  /** Whether this process has given it up: released it, or passed it on. */
  get released(): boolean {
    return this.#resources.disposed;
  }

  /** Throws `LockLostError` when the lock no longer excludes others, and `HandoffError` when it was released or passed. */
  verify(): void {
    this.#requireHeld();
    const loss = this.#path.loss();
    if (loss !== undefined) throw loss;
  }

  /** Aborted when the lock is found to be lost. The first read starts the looking. */
  get lost(): AbortSignal {
    if (this.#lossWatch !== undefined) return this.#lossWatch.signal;
    if (this.released) return new AbortController().signal;
    const watch = new LossWatch({ path: this.#lockfile.path, check: () => this.#path.loss() });
    this.#lossWatch = this.#resources.use(watch);
    return watch.signal;
  }

  /**
   * Lets the child processes that are spawned before the disposal inherit the lock, which is then held until the last of
   * them has ended, whatever becomes of this process.
   */
  shareWithChildren(): Disposable {
    this.#requireHeld();
    return this.#lockfile.shareWithChildren();
  }

  /**
   * Passes the lock to another process: calls `send` once with the locked descriptor, which it sends or does not, and
   * says which; returns the same. It must not throw after the descriptor has left.
   *
   * While `send` runs the lock counts as passed: whatever fails, no release unlocks it or touches the pidfile, since that
   * would take it from the receiver. When nothing was sent (false, or a throw) it is held as before. When it was sent,
   * our copy is closed: this process holds nothing any more, and the pidfile is the receiver's to rewrite.
   */
  pass(send: (fd: number) => boolean): boolean {
    this.#requireHeld();
    const sent = this.#lockfile.pass(send);
    if (sent) this.#resources.dispose();
    return sent;
  }

  /** Gives the lock back, as `DataDirLock.releaseSync` promises. Does nothing once it was released or passed. */
  releaseSync(): void {
    this.#resources.dispose();
  }

  /** The same as {@linkcode HeldLock.releaseSync}. */
  async release(): Promise<void> {
    // deno-lint-ignore require-yield -- there is nothing to wait for
    await runAsync(function* (this: HeldLock): Steps<void> {
      this.releaseSync();
    }.call(this));
  }

  [Symbol.dispose](): void {
    this.releaseSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  static *#acquire(input: string | URL, options: HoldOptions): Steps<HeldLock> {
    checkAcquireOptions(options);
    requireRuntime();
    const dataDir = resolveDataDir(input);
    using libc = openLibcFor(dataDir);
    const contender = new Contender(libc, { ...options, dataDir });
    for (let losses = 1;; losses++) {
      using resources = new DisposableStack();
      resources.use(openLibcFor(dataDir));
      const lockfile = resources.use(yield* acquireLockfile(contender));
      try {
        return yield* HeldLock.#hold({ libc, dataDir, lockfile, resources, signal: options.signal });
      } catch (error) {
        // Another directory, or another lockfile, is at the path by now: that is the one to lock.
        if (!(error instanceof LockLostError) || losses === MAX_LOSSES) throw error;
      }
    }
  }

  static *#adopt(dataDir: string | URL, fd: number, options: AdoptOptions): Steps<HeldLock> {
    const adopted = adoptLockfile(dataDir, fd, options);
    using resources = adopted.resources;
    return yield* HeldLock.#hold({ ...adopted, resources });
  }

  /** Publishes the pidfile of a lock that was obtained. When that fails, all is given back. */
  static *#hold(
    { libc, dataDir, lockfile, resources, signal }: Adopted & Pick<HoldOptions, "signal">,
  ): Steps<HeldLock> {
    const path = new LockedPath(dataDir, lockfile.inode);
    resources.defer(() => lockfile.unlock());
    resources.use(listOwnLock(lockfile.inode));
    using directory = new DataDir(libc, dataDir, lockfile.filesystem);
    yield* publishPidfile(directory, () => path.requireInPlace());
    const lock = new HeldLock(path, lockfile, resources);
    resources.defer(() => lock.#withdraw());
    signal?.throwIfAborted();
    lock.#resources = resources.move();
    lock.#withdrawOnUnload();
    return lock;
  }

  #requireHeld(): void {
    if (!this.released) return;
    const what = this.#lockfile.passed ? "passed to another process" : "released";
    throw new HandoffError(`The lock of ${JSON.stringify(this.dataDir)} was ${what}`);
  }

  /** What stands at the path of a lost lock may be another's, who may even have our pid, in a container of its own. */
  #withdraw(): void {
    if (!this.#lockfile.passed && this.#lockfile.isInPlace()) withdrawPidfile(this.dataDir);
  }

  /**
   * `using` does not run on `Deno.exit`; the unload event does, and spares the next start a stale pidfile. The flock
   * stays: listeners that come later still write, and anybody can dispatch the event. The kernel takes it at the end.
   */
  #withdrawOnUnload(): void {
    const withdraw = () => {
      try {
        this.#withdraw();
      } catch {
        // A pidfile that stays behind is harmless.
      }
    };
    addEventListener("unload", withdraw);
    this.#resources.defer(() => removeEventListener("unload", withdraw));
  }
}
