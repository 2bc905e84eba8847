import type { Holder } from "./holder.ts";
import type { AcquireOptions } from "./options.ts";
import type { Pause, Steps } from "./sync_or_async.ts";

/** What one look at a lock that is waited for comes to: the end of the wait, or who is in the way. */
export type Look<T> = { readonly result: T } | { readonly holder: Holder };

/**
 * Looks until there is a result, again whenever it is worth it; throws what `timedOut` makes when the time is up, and
 * the signal's reason when it is aborted.
 */
export function* waitUntil<T>(
  lockfile: string,
  limits: WaitLimits,
  { look, timedOut }: { look: () => Steps<Look<T>>; timedOut: (holder: Holder) => Error },
): Steps<T> {
  using watch = new LockfileWatch(lockfile);
  while (true) {
    const seen = yield* look();
    if ("result" in seen) return seen.result;
    if (limits.left === 0) throw timedOut(seen.holder);
    limits.announce(seen.holder);
    yield watch.pause(seen.holder, limits);
    limits.signal?.throwIfAborted();
  }
}

/** How long to wait, what ends the wait early, and whom it tells. */
export class WaitLimits {
  readonly signal: AbortSignal | undefined;
  readonly #timeout: number;
  readonly #onWait: ((holder: Holder) => void) | undefined;
  readonly #start = performance.now();
  #announced?: Holder;

  constructor({ timeout = 0, signal, onWait }: Pick<AcquireOptions, "timeout" | "signal" | "onWait">) {
    this.signal = signal;
    this.#timeout = timeout;
    this.#onWait = onWait;
  }

  /** For how long the lock has been waited for, in milliseconds; 0 for an acquire that does not wait. */
  get waitedMs(): number {
    return this.#timeout === 0 ? 0 : Math.round(performance.now() - this.#start);
  }

  /** The milliseconds that are left. */
  get left(): number {
    return Math.max(0, this.#start + this.#timeout - performance.now());
  }

  /** Tells who is waited for: at first whoever it is, and from then on each other process. */
  announce(holder: Holder): void {
    const first = this.#announced === undefined;
    const changed = holder.pid !== undefined && holder.pid !== this.#announced?.pid;
    if (!first && !changed) return;
    this.#announced = holder;
    this.#onWait?.(holder);
  }
}

/** The first pause after news, in milliseconds; each further one is twice as long. */
const SHORTEST_PAUSE = 5;
/** The longest pause where nothing but polling would notice that the lock is free. */
const LONGEST_PAUSE = 100;
/** The longest pause where the kernel reports it. */
const LONGEST_WATCHED_PAUSE = 1_000;

/**
 * Says when it is worth trying a held lockfile again. Not by a blocking flock: that could not be cancelled, and would
 * keep a thread of the runtime's pool.
 *
 * On Linux, inotify reports that a writable lockfile was closed, as it is at every release and at every death. Only the
 * lockfile is watched, so writes beside it wake nobody. What is not reported is met by polling: a holder that opened the
 * lockfile for reading only (`flock(1)` does), a machine that has no inotify left, another platform.
 */
class LockfileWatch implements Disposable {
  readonly #path: string;
  #watcher: Deno.FsWatcher | undefined;
  #started = false;
  #pause = SHORTEST_PAUSE;
  #news = false;
  #wake: (() => void) | undefined;

  /** A watch of the lockfile at `path`, which starts with the first pause. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The pause before the next try: until there is news, the signal is aborted, or it is time to look anyway. */
  pause(holder: Holder, limits: WaitLimits): Pause {
    this.#start();
    const watched = this.#watcher !== undefined && holder.liveness === "alive";
    const longest = watched ? LONGEST_WATCHED_PAUSE : LONGEST_PAUSE;
    const ms = Math.min(this.#pause, longest, limits.left);
    this.#pause = Math.min(this.#pause * 2, LONGEST_WATCHED_PAUSE);
    return { wait: () => this.#newsWithin(ms, limits.signal) };
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#watcher = watch(this.#path);
    if (this.#watcher !== undefined) this.#listen(this.#watcher);
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const _ of watcher) {
        this.#pause = SHORTEST_PAUSE;
        this.#news = true;
        this.#wake?.();
      }
    } catch {
      // Without news there is still the polling.
    }
  }

  #newsWithin(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#news || signal?.aborted ? 0 : ms);
    signal?.addEventListener("abort", resolve as () => void);
    this.#wake = resolve;
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", resolve as () => void);
      this.#wake = undefined;
      this.#news = false;
    });
  }
}

function watch(path: string): Deno.FsWatcher | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.watchFs(path, { recursive: false });
  } catch {
    return undefined;
  }
}
