import { HeldLock } from "./held_lock.ts";
import type { AcquireOptions, AcquireSyncOptions } from "./options.ts";

/**
 * Sole ownership of a data directory, until it is released or the process ends, however it ends.
 *
 * Two writers on one directory destroy it, and no check of a file's content can keep them apart: between the check and
 * the write anything may happen. So the kernel decides, by `flock(2)` on `.handoff.lock`. The pidfile beside it tells
 * people who holds the lock; it never decides.
 *
 * The lock is advisory: it excludes those who ask for it, in whatever language. Dropping the object without releasing
 * it keeps the lock, since garbage collection must not start a second writer.
 *
 * Permissions: `--allow-ffi`, and `--allow-read` and `--allow-write` for the directory.
 *
 * @example A daemon that owns its directory
 * ```ts
 * import { DataDirLock } from "jsr:@scope/handoff";
 *
 * const dataDir = await Deno.makeTempDir();
 * await using lock = await DataDirLock.acquire(dataDir);
 * console.log(`sole writer of ${lock.dataDir}`);
 * ```
 */
export class DataDirLock implements Disposable, AsyncDisposable {
  readonly #held: HeldLock;

  private constructor(held: HeldLock) {
    this.#held = held;
  }

  /**
   * Takes the lock of `dataDir`. A lock that is held is waited for as long as `options.timeout` says: by default not at
   * all. The directory and its parents are created where they are missing. The event loop is left free, while waiting
   * and while flushing to the disk.
   *
   * Rejects with {@linkcode LockHeldError} when somebody has the lock, `LockUnsupportedError` where nobody can have
   * one, `SyscallError` when the kernel says anything else, Deno's own errors for files and permissions, `TypeError` and
   * `RangeError` for arguments that are none, and the signal's reason when that is aborted. After a rejection nothing
   * is locked, and the directory is as it was.
   *
   * @example Leave the directory to the process that has it
   * ```ts
   * import { DataDirLock, LockHeldError } from "jsr:@scope/handoff";
   *
   * const dataDir = await Deno.makeTempDir();
   * await using first = await DataDirLock.acquire(dataDir);
   * try {
   *   await using second = await DataDirLock.acquire(first.dataDir);
   * } catch (error) {
   *   if (!(error instanceof LockHeldError)) throw error;
   *   console.log(`held by ${error.holderPid}, ${error.holder.liveness}`);
   * }
   * ```
   *
   * @example Wait for the process that has it, for half a minute at most
   * ```ts
   * import { DataDirLock } from "jsr:@scope/handoff";
   *
   * const dataDir = await Deno.makeTempDir();
   * const stop = new AbortController();
   * await using lock = await DataDirLock.acquire(dataDir, {
   *   timeout: 30_000,
   *   signal: stop.signal,
   *   onWait: ({ pid }) => console.log(`waiting for process ${pid}`),
   * });
   * ```
   */
  static async acquire(dataDir: string | URL, options: AcquireOptions = {}): Promise<DataDirLock> {
    return new DataDirLock(await HeldLock.acquire(dataDir, { ...options, breakStale: false }));
  }

  /** The same as {@linkcode DataDirLock.acquire}, but it never waits, and the event loop stands still during a flush. */
  static acquireSync(dataDir: string | URL, options: AcquireSyncOptions = {}): DataDirLock {
    return new DataDirLock(HeldLock.acquireSync(dataDir, { ...options, breakStale: false }));
  }

  /**
   * Takes the lock like {@linkcode DataDirLock.acquire}; when it is held although the named holder is dead or unknown,
   * says so (`options.onStale`, else one `console.warn` line) and tries once more on the same file.
   *
   * That is all that breaking means. The kernel frees the lock of a dead process by itself, so a lock that is still
   * held is held by somebody, and the file is never unlinked: that would let two processes hold "the lock".
   *
   * Rejects with {@linkcode StaleLockBreakRefusedError} when the named holder is alive or the second try is refused,
   * and the time is up.
   *
   * @example Take over after a crash
   * ```ts
   * import { DataDirLock } from "jsr:@scope/handoff";
   *
   * const dataDir = await Deno.makeTempDir();
   * await using lock = await DataDirLock.acquireOrBreakStale(dataDir, {
   *   onStale: ({ pid }) => console.warn(`process ${pid} left without a word`),
   * });
   * ```
   */
  static async acquireOrBreakStale(dataDir: string | URL, options: AcquireOptions = {}): Promise<DataDirLock> {
    return new DataDirLock(await HeldLock.acquire(dataDir, { ...options, breakStale: true }));
  }

  /** The same as {@linkcode DataDirLock.acquireOrBreakStale}, but it never waits, and holds up the event loop. */
  static acquireOrBreakStaleSync(dataDir: string | URL, options: AcquireSyncOptions = {}): DataDirLock {
    return new DataDirLock(HeldLock.acquireSync(dataDir, { ...options, breakStale: true }));
  }

  /** The absolute path of the locked directory, fixed when it was acquired: a later `Deno.chdir` changes nothing. */
  get dataDir(): string {
    return this.#held.dataDir;
  }

  /** Whether the lock was given back. */
  get released(): boolean {
    return this.#held.released;
  }

  /**
   * Throws {@linkcode LockLostError} when the lock no longer excludes anybody: somebody deleted or replaced
   * `.handoff.lock` or the directory, which the kernel does not tell. Throws `HandoffError` after a release, and Deno's
   * own error when the directory cannot be looked at. It makes two system calls: cheap enough before every commit.
   *
   * @example Make sure before a commit
   * ```ts
   * import { DataDirLock } from "jsr:@scope/handoff";
   *
   * await using lock = await DataDirLock.acquire(await Deno.makeTempDir());
   * lock.verify();
   * await Deno.writeTextFile(`${lock.dataDir}/journal`, "entry\n", { append: true });
   * ```
   */
  verify(): void {
    this.#held.verify();
  }

  /**
   * Aborted when the lock is found to be lost, with the {@linkcode LockLostError} as its reason. The first read of this
   * property starts the looking, about once a second and on file system events, and the release ends it. It never
   * keeps the process alive, and never throws.
   *
   * @example Stop writing when the lock is lost
   * ```ts
   * import { DataDirLock } from "jsr:@scope/handoff";
   *
   * await using lock = await DataDirLock.acquire(await Deno.makeTempDir());
   * lock.lost.addEventListener("abort", () => {
   *   console.error(lock.lost.reason);
   *   Deno.exit(1);
   * });
   * ```
   */
  get lost(): AbortSignal {
    return this.#held.lost;
  }

  /**
   * Gives the lock back: removes the pidfile if it still names this process, unlocks, closes. Only the first call does
   * anything. Should a step fail, the others are done all the same, and the failure is thrown afterwards.
   */
  releaseSync(): void {
    this.#held.releaseSync();
  }

  /** The same as {@linkcode DataDirLock.releaseSync}. */
  // deno-lint-ignore require-await -- what releaseSync throws must reject here
  async release(): Promise<void> {
    this.releaseSync();
  }

  /** Releases at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.releaseSync();
  }

  /** Releases at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
