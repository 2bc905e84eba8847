import type { Holder } from "./holder.ts";
import type { Patience } from "./patience.ts";
import { type Pause, sleepSync } from "./sync_or_async.ts";

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
export class LockfileWatch implements Disposable {
  readonly #path: string;
  #watcher?: Deno.FsWatcher;
  #started = false;
  #pause = SHORTEST_PAUSE;
  #news = false;
  #wake?: () => void;

  /** A watch of the lockfile at `path`, which starts with the first pause. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The pause before the next try: until there is news, the signal is aborted, or it is time to look anyway. */
  pause(holder: Holder, patience: Patience): Pause {
    this.#start();
    const watched = this.#watcher !== undefined && holder.liveness === "alive";
    const longest = watched ? LONGEST_WATCHED_PAUSE : LONGEST_PAUSE;
    const ms = Math.min(this.#pause, longest, patience.left);
    this.#pause = Math.min(this.#pause * 2, LONGEST_WATCHED_PAUSE);
    return { sync: () => this.#newsWithin(ms, patience.signal), syncSync: () => sleepSync(ms) };
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
