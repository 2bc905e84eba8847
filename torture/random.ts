/** Numbers that look random and are the same for the same seed: mulberry32, started from an FNV-1a hash. */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(seed)) this.#state = Math.imul(this.#state ^ byte, 0x01000193);
  }

  /** An integer from 0 up to, and without, `end`. */
  below(end: number): number {
    return Math.floor(this.#fraction() * end);
  }

  /** True `times` in a thousand. */
  perMille(times: number): boolean {
    return this.#fraction() * 1_000 < times;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** From 0 up to `longest` milliseconds, short ones more often. */
  milliseconds(longest: number): number {
    return longest * this.#fraction() ** 2;
  }

  #fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
