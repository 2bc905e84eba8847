import type { Holder } from "./holder.ts";

export type { Holder } from "./holder.ts";

/** How to acquire, for the forms that never wait. */
export interface AcquireSyncOptions {
  /**
   * Called by `acquireOrBreakStale` before it tries a second time, because the named holder is dead or unknown; in
   * place of the `console.warn` line that says so. Once per call. What it throws, the acquire throws.
   */
  readonly onStale?: ((holder: Holder) => void) | undefined;
  /**
   * Lock a directory on a network filesystem or FUSE all the same, where `flock` is known to exclude everybody who
   * uses it. The exclusion is still proved, as far as one machine can.
   *
   * @default {false}
   */
  readonly allowNetworkFilesystem?: boolean | undefined;
}

/** How to acquire, and how long to wait for it. */
export interface AcquireOptions extends AcquireSyncOptions {
  /**
   * How long to wait for a lock that is held, in milliseconds. 0 never waits, `Infinity` waits for ever.
   *
   * @default {0}
   */
  readonly timeout?: number | undefined;
  /** Ends the acquire when it is aborted, before or while waiting: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called when waiting starts, and again each time that somebody else turns out to hold the lock. */
  readonly onWait?: ((holder: Holder) => void) | undefined;
}

/** How to adopt a lock that another process passed. */
export type AdoptOptions = Pick<AcquireSyncOptions, "allowNetworkFilesystem">;

/** What is asked of the parts of `lock/`: which directory, how, and whether a lock that looks stale is tried once more. */
export interface AcquireRequest extends AcquireOptions {
  /** As an absolute path. */
  readonly dataDir: string;
  /** @default {false} */
  readonly breakStale?: boolean | undefined;
}

/** Throws `TypeError` or `RangeError` for a timeout that is none, and the signal's reason when it is aborted already. */
export function checkAcquireOptions({ timeout = 0, signal }: AcquireOptions): void {
  if (typeof timeout !== "number") {
    throw new TypeError(`options.timeout is not a number: ${String(timeout)}`);
  }
  if (!(timeout >= 0)) {
    throw new RangeError(`options.timeout must be 0 or more milliseconds: ${timeout}`);
  }
  signal?.throwIfAborted();
}
