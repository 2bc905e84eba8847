/** The longest pause that the module makes, in milliseconds. What tests wait for themselves takes longer, or no time. */
const LONGEST_PAUSE = 1_000;

/** Longer than any test takes, and as long as a timer can be. */
const NEVER = 2 ** 31 - 1;

/**
 * Takes the time out of polling: for who waits in this thread while it is in use, the pauses end at once, so that what
 * many of them bring is there soon, or never, so that nothing but an event can end the waiting.
 */
export class FakeTimers implements Disposable {
  /** How many pauses have begun. */
  pauses = 0;
  /** How many timers that repeat have been started. */
  intervals = 0;
  /** How often such a timer has fired. */
  ticks = 0;
  /** How long all pauses together would have been, in milliseconds. */
  paused = 0;
  readonly #setTimeout = globalThis.setTimeout;
  readonly #setInterval = globalThis.setInterval;

  constructor(pauses: "end at once" | "never end") {
    const instead = pauses === "never end" ? NEVER : 0;
    const setTimeout = (callback: () => void, ms = 0) => {
      const isPause = ms > 0 && ms <= LONGEST_PAUSE;
      if (isPause) {
        this.pauses++;
        this.paused += ms;
      }
      return this.#setTimeout(callback, isPause ? instead : ms);
    };
    const setInterval = (callback: () => void) => {
      this.intervals++;
      return this.#setInterval(() => {
        this.ticks++;
        callback();
      }, instead);
    };
    Object.assign(globalThis, { setTimeout, setInterval });
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, { setTimeout: this.#setTimeout, setInterval: this.#setInterval });
  }
}
