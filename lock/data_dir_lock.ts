import { LockUnsupportedError } from "../ffi/errors.ts";
import { type Libc, openLibc } from "../ffi/libc.ts";
import { resolveDataDir } from "./data_dir.ts";
import { LockHeldError, StaleLockBreakRefusedError } from "./errors.ts";
import { fileError } from "./file_error.ts";
import { type Holder, readHolder } from "./holder.ts";
import { Lockfile } from "./lockfile.ts";
import { publishPidfile, withdrawPidfile } from "./pidfile.ts";
import { requireRuntime } from "./runtime.ts";
import { runAsync, runSync, type Steps } from "./steps.ts";

/** How to acquire. */
export interface AcquireOptions {
  /**
   * Called by `acquireOrBreakStale` before it tries a second time, because the named holder is dead or unknown; in
   * place of the `console.warn` line that says so. What it throws, the acquire throws.
   */
  readonly onStale?: (holder: Holder) => void;
}

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
  /** The absolute path of the locked directory, fixed when it was acquired: a later `Deno.chdir` changes nothing. */
  readonly dataDir: string;
  readonly #resources: DisposableStack;

  private constructor(dataDir: string, resources: DisposableStack) {
    this.dataDir = dataDir;
    this.#resources = resources;
  }

  /**
   * Takes the lock of `dataDir`, or rejects at once; never waits. The directory and its parents are created where they
   * are missing. Flushes to the disk happen off the event loop.
   *
   * Rejects with {@linkcode LockHeldError} when somebody has the lock, `LockUnsupportedError` where nobody can have
   * one, `SyscallError` when the kernel says anything else, Deno's own errors for files and permissions, and `TypeError`
   * for what is no path. After a rejection nothing is locked, and the directory is as it was.
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
   */
  static async acquire(
    dataDir: string | URL,
    _options: AcquireOptions = {},
  ): Promise<DataDirLock> {
    return await runAsync(DataDirLock.#acquire(dataDir, refuse));
  }

  /** The same as {@linkcode DataDirLock.acquire}, without touching the event loop: it stands still during a flush. */
  static acquireSync(
    dataDir: string | URL,
    _options: AcquireOptions = {},
  ): DataDirLock {
    return runSync(DataDirLock.#acquire(dataDir, refuse));
  }

  /**
   * Takes the lock like {@linkcode DataDirLock.acquire}; when it is held although the named holder is dead or unknown,
   * says so (`options.onStale`, else one `console.warn` line) and tries once more on the same file.
   *
   * That is all that breaking means. The kernel frees the lock of a dead process by itself, so a lock that is still
   * held is held by somebody, and the file is never unlinked: that would let two processes hold "the lock".
   *
   * Rejects with {@linkcode StaleLockBreakRefusedError} when the named holder is alive or the second try is refused.
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
  static async acquireOrBreakStale(
    dataDir: string | URL,
    options: AcquireOptions = {},
  ): Promise<DataDirLock> {
    return await runAsync(DataDirLock.#acquire(dataDir, breakStale(options)));
  }

  /** The same as {@linkcode DataDirLock.acquireOrBreakStale}, without touching the event loop. */
  static acquireOrBreakStaleSync(
    dataDir: string | URL,
    options: AcquireOptions = {},
  ): DataDirLock {
    return runSync(DataDirLock.#acquire(dataDir, breakStale(options)));
  }

  /** Whether the lock was given back. */
  get released(): boolean {
    return this.#resources.disposed;
  }

  /**
   * Gives the lock back: removes the pidfile if it still names this process, unlocks, closes. Only the first call does
   * anything. Should a step fail, the others are done all the same, and the failure is thrown afterwards.
   */
  releaseSync(): void {
    this.#resources.dispose();
  }

  /** The same as {@linkcode DataDirLock.releaseSync}. */
  // deno-lint-ignore require-await -- a failure must reject
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

  static *#acquire(
    input: string | URL,
    whenHeld: WhenHeld,
  ): Steps<DataDirLock> {
    requireRuntime();
    const dataDir = resolveDataDir(input);
    using resources = new DisposableStack();
    const libc = resources.use(openLibcFor(dataDir));
    const lockfile = takeLockfile({ libc, dataDir, whenHeld });
    resources.use(lockfile);
    resources.defer(() => lockfile.unlock());
    yield* publishPidfile(dataDir);
    resources.defer(() => withdrawPidfile(dataDir));
    const lock = new DataDirLock(dataDir, resources.move());
    lock.#releaseOnUnload();
    return lock;
  }

  /** `using` does not run on `Deno.exit`; the unload event does, and spares the next start a stale pidfile. */
  #releaseOnUnload(): void {
    const release = () => {
      try {
        this.releaseSync();
      } catch {
        // The process ends, which frees the lock; a pidfile that stays behind is harmless.
      }
    };
    addEventListener("unload", release);
    this.#resources.defer(() => removeEventListener("unload", release));
  }
}

interface Attempt {
  readonly libc: Libc;
  readonly dataDir: string;
}

/** What to do about a lockfile that somebody holds: returns when it has got the lock after all, and throws otherwise. */
type WhenHeld = (attempt: Attempt, lockfile: Lockfile) => void;

function refuse({ libc, dataDir }: Attempt): never {
  throw new LockHeldError({ dataDir, holder: readHolder(libc, dataDir) });
}

function breakStale({ onStale }: AcquireOptions): WhenHeld {
  return ({ libc, dataDir }, lockfile) => {
    const holder = readHolder(libc, dataDir);
    if (holder.liveness === "alive") {
      throw new StaleLockBreakRefusedError({ dataDir, holder });
    }
    if (onStale === undefined) warnStale(dataDir, holder);
    else onStale(holder);
    if (lockfile.tryLock()) return;
    throw new StaleLockBreakRefusedError({
      dataDir,
      holder: readHolder(libc, dataDir),
    });
  };
}

function warnStale(dataDir: string, { pid }: Holder): void {
  const who = pid === undefined ? "its holder is unknown" : `its holder, process ${pid}, is dead`;
  console.warn(
    `The lock of ${JSON.stringify(dataDir)} looks stale: ${who}; trying again`,
  );
}

/** A lockfile that somebody swaps as often as this is swapped on purpose. */
const MAX_REPLACEMENTS = 10;

/** Opens, locks and proves the lock; a file that was replaced meanwhile is left for the one in its place. */
function takeLockfile(
  { whenHeld, ...attempt }: Attempt & { whenHeld: WhenHeld },
): Lockfile {
  const { libc, dataDir } = attempt;
  for (let i = 0; i < MAX_REPLACEMENTS; i++) {
    using opened = new DisposableStack();
    const lockfile = opened.use(new Lockfile(libc, dataDir));
    if (!lockfile.tryLock()) whenHeld(attempt, lockfile);
    if (!lockfile.excludesOthers()) continue;
    opened.move();
    return lockfile;
  }
  throw new LockUnsupportedError(
    "lockfile",
    `Cannot lock ${
      JSON.stringify(dataDir)
    }: .handoff.lock was replaced ${MAX_REPLACEMENTS} times while it was being locked. Find out who replaces it.`,
  );
}

function openLibcFor(dataDir: string): Libc & Disposable {
  try {
    return openLibc();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw fileError("lock", dataDir, { cause, dataDir });
  }
}
