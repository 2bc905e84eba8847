import { ChannelTimeoutError } from "./channel_errors.ts";

/** For how long a message is waited for. */
export interface ReceiveOptions {
  /** For the whole message, in milliseconds; without it, for as long as it takes. 0 or less rejects at once. */
  readonly timeout?: number | undefined;
  /**
   * For how long nothing at all may arrive, in milliseconds. In the middle of a message only `timeout` counts; without a
   * `timeout` the time since the last byte does.
   */
  readonly silence?: number | undefined;
  /** Rejects with the signal's reason; what has arrived of a message is kept for the next call. */
  readonly signal?: AbortSignal | undefined;
}

/** What is left of the time for one message. */
export class Patience {
  readonly #timeout: number;
  readonly #silence: number;
  readonly #began = performance.now();
  #heard = this.#began;

  /** Begins now. Throws where there is no time at all: else a peer that floods us would never meet its deadline. */
  constructor({ timeout = Infinity, silence = Infinity }: ReceiveOptions) {
    this.#timeout = timeout;
    this.#silence = silence;
    if (timeout <= 0) throw new ChannelTimeoutError("timeout", 0);
  }

  /** Something arrived. */
  progress(): void {
    this.#heard = performance.now();
  }

  /** How many milliseconds there are to wait for more; throws when there are none. */
  left(insideMessage: boolean): number {
    const now = performance.now();
    const total = this.#timeout - (now - this.#began);
    if (total <= 0) throw new ChannelTimeoutError("timeout", this.#timeout);
    if (insideMessage && this.#timeout !== Infinity) return total;
    const quiet = this.#silence - (now - this.#heard);
    if (quiet <= 0) throw new ChannelTimeoutError("silence", this.#silence);
    return Math.min(total, quiet);
  }
}
