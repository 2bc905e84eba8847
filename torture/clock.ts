/**
 * Milliseconds, never going back within a process, and the same in all processes up to the steps that somebody sets the
 * system's clock by. For people who read a journal: what happened in which order is told by the order of its records.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Lets `ms` milliseconds pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
