import { HeldLock } from "./held_lock.ts";
import type { AcquireOptions, AcquireSyncOptions } from "./options.ts";

/**
 * Sole ownership of a data directory, until it is released or the process ends, however it ends.
 *
 * Two writers corrupt a directory, and checking a file's contents cannot keep them apart: anything may happen between the
 * check and the write. So the kernel decides, by `flock(2)` on `.handoff.lock`. The pidfile beside it tells people who
 * holds the lock; it never decides.
 *
 * The lock is advisory: it excludes every program that asks for it, in any language. Dropping the object without
 * releasing it keeps the lock, since garbage collection must not let in a second writer.
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
   * Acquires the lock of `dataDir`, waiting up to `options.timeout` milliseconds while it is held; by default it does not
   * wait. Creates the directory and its parents if they are missing. Never blocks the event loop, neither while waiting
   * nor while flushing to disk.
   *
   * Rejects with {@linkcode LockHeldError} if the lock is held, `LockUnsupportedError` if exclusion cannot be had here,
   * `SyscallError` for any other errno, Deno's own errors for files and permissions, `TypeError` and `RangeError` for
   * invalid arguments, and the signal's reason if it is aborted. After a rejection nothing is locked, and the files of
   * the directory are unchanged.
   *
   * @example Leave the directory to its holder
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
   * @example Wait for the holder, for half a minute at most
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

  /** The same as {@linkcode DataDirLock.acquire}, but it never waits for the lock, and blocks the event loop during a flush. */
  static acquireSync(dataDir: string | URL, options: AcquireSyncOptions = {}): DataDirLock {
    return new DataDirLock(HeldLock.acquireSync(dataDir, { ...options, breakStale: false }));
  }

  /**
   * Acquires the lock like {@linkcode DataDirLock.acquire}. If it is held although the named holder is dead or unknown,
   * reports that (`options.onStale`, or else one `console.warn` line) and tries once more on the same file.
   *
   * That is all that breaking means. The kernel frees the lock of a dead process by itself, so a lock that is still
   * held has a holder. The file is never unlinked: that would let two processes hold "the lock".
   *
   * Rejects with {@linkcode StaleLockBreakRefusedError} if the named holder is alive, or the second try is refused, and
   * the time is up.
   *
   * @example Take over after a crash
   * ```ts
   * import { DataDirLock } from "jsr:@scope/handoff";
   *
   * const dataDir = await Deno.makeTempDir();
   * await using lock = await DataDirLock.acquireOrBreakStale(dataDir, {
   *   onStale: ({ pid }) => console.warn(`process ${pid} ended without releasing`),
   * });
   * ```
   */
  static async acquireOrBreakStale(dataDir: string | URL, options: AcquireOptions = {}): Promise<DataDirLock> {
    return new DataDirLock(await HeldLock.acquire(dataDir, { ...options, breakStale: true }));
  }

  /** The same as {@linkcode DataDirLock.acquireOrBreakStale}, but it never waits for the lock, and blocks the event loop. */
  static acquireOrBreakStaleSync(dataDir: string | URL, options: AcquireSyncOptions = {}): DataDirLock {
    return new DataDirLock(HeldLock.acquireSync(dataDir, { ...options, breakStale: true }));
  }

  /** The absolute path of the locked directory, fixed when it was acquired: a later `Deno.chdir` changes nothing. */
  get dataDir(): string {
    return this.#held.dataDir;
  }

  /** Whether the lock was released. */
  get released(): boolean {
    return this.#held.released;
  }

  /**
   * Throws {@linkcode LockLostError} if the lock no longer excludes anybody: `.handoff.lock` or the directory was deleted
   * or replaced, which the kernel does not report. Throws `HandoffError` after a release, and Deno's own error if the
   * directory cannot be read. It makes two system calls: cheap enough before every commit.
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
   * property starts the checks, about once a second and on file system events; the release ends them. They never keep
   * the process alive, and never throw.
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
   * Releases the lock: removes the pidfile if it still names this process, unlocks and closes the lockfile. Only the
   * first call does anything. If a step fails, the others are still done, and the error is thrown afterwards.
   */
  releaseSync(): void {
    this.#held.releaseSync();
  }

  /** The same as {@linkcode DataDirLock.releaseSync}. */
  async release(): Promise<void> {
    await this.#held.release();
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
