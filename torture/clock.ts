/**
 * Milliseconds, never going back within a process, and the same in all processes except where the system's
 * clock is set. For people who read a journal: what happened in which order is told by the order of its records.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The moment at which the torture ends, unless it is ended earlier. */
export class Deadline {
  /** As {@linkcode now} counts. */
  readonly at: number;
  #early = false;

  constructor(ms: number) {
    this.at = now() + ms;
  }

  get passed(): boolean {
    return this.#early || now() >= this.at;
  }

  /** Whether it was ended before its time. */
  get early(): boolean {
    return this.#early;
  }

  end(): void {
    this.#early = true;
  }
}

/** Lets `ms` milliseconds pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
