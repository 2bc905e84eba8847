/** Something that takes a while: a flush to the disk (an open file is one), or a wait. */
export interface Pause {
  /** Waits for the end of it without holding up the event loop. */
  sync(): Promise<void> | void;
  /** Waits for the end of it here and now. */
  syncSync(): void;
}

/**
 * One procedure, two forms. What a lock does is the same synchronously and asynchronously, but for who waits meanwhile:
 * so it is written once, as a generator that yields each pause, and is run by one of the functions below. A pause that
 * fails throws at its `yield`.
 */
export type Steps<T> = Generator<Pause, T>;

/** Runs the steps here and now; the event loop stands still meanwhile. */
export function runSync<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) {
    try {
      step.value.syncSync();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

/** Runs the steps, and leaves the event loop free in every pause. */
export async function runAsync<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    try {
      await step.value.sync();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

/** A pause of `ms` milliseconds. */
export function sleep(ms: number): Pause {
  return {
    sync: () => new Promise((resolve) => setTimeout(resolve, ms)),
    syncSync: () => sleepSync(ms),
  };
}

/** Stops this thread for `ms` milliseconds. */
export function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
