import type { Holder } from "./holder.ts";
import type { AcquireOptions } from "./options.ts";

/** How long one acquire waits, what ends it early, and whom it tells. */
export class Patience {
  readonly signal?: AbortSignal;
  readonly #timeout: number;
  readonly #onWait?: (holder: Holder) => void;
  readonly #start = performance.now();
  #announced?: Holder;

  constructor({ timeout = 0, signal, onWait }: AcquireOptions) {
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
