import { type FSWatcher, watch } from "node:fs";

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
