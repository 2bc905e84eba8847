import type { Holder } from "./holder.ts";

export type { Holder } from "./holder.ts";

/** How to acquire, for the forms that never wait. */
export interface AcquireSyncOptions {
  /**
   * Called by `acquireOrBreakStale` before it tries a second time, because the named holder is dead or unknown,
   * instead of a `console.warn` line. Called once per call. The acquire rejects with what it throws.
   */
  readonly onStale?: ((holder: Holder) => void) | undefined;
  /**
   * Lock a directory even on a network filesystem or FUSE, where `flock` is known to exclude every user of it. The
   * exclusion is still proved, as far as one machine can.
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
  /** Aborts the acquire, before or during the wait: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the wait starts, and again whenever another process turns out to be the holder. */
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

/** Throws `TypeError` or `RangeError` for an invalid timeout, and the signal's reason if it is already aborted. */
export function checkAcquireOptions({ timeout = 0, signal }: AcquireOptions): void {
  if (typeof timeout !== "number") {
    throw new TypeError(`options.timeout is not a number: ${String(timeout)}`);
  }
  if (!(timeout >= 0)) {
    throw new RangeError(`options.timeout must be 0 or more milliseconds: ${timeout}`);
  }
  signal?.throwIfAborted();
}
