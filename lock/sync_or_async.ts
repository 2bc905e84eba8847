import { setImmediate } from "node:timers";

/** Something that takes a while: a flush to the disk, or a wait. */
export interface Pause {
  /** Waits for its end without holding up the event loop. */
  wait(): Promise<void> | void;
  /** Waits for its end on the spot. Absent where only the asynchronous form ever waits. */
  waitSync?(): void;
}

/**
 * A procedure that is written once and runs synchronously or asynchronously: a generator that yields each pause, driven
 * by one of the functions below (the idiom of npm's `gensync`). A pause that fails throws at its `yield`.
 *
 * "Go to definition" ends at a `yield*`: what it delegates to is the generator function that is called right there, and
 * what a plain `yield` hands out comes back to `runSync` or `runAsync`.
 */
export type Steps<T> = Generator<Pause, T>;

/** Runs the steps on the spot; the event loop stands still meanwhile. */
export function runSync<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) {
    try {
      step.value.waitSync!();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

/**
 * Runs the steps; the event loop is free in every pause. It gets a turn in any case before the promise settles: a caller
 * who tries again and again would otherwise starve timers, signals and sockets, since promises alone never let them run.
 */
export async function runAsync<T>(steps: Steps<T>): Promise<T> {
  try {
    return await runPausing(steps);
  } finally {
    await turnOfTheLoop();
  }
}

async function runPausing<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    try {
      await step.value.wait();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

/** Resolves when the event loop has been through its other work once. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A pause of `ms` milliseconds. */
export function sleep(ms: number): Pause {
  return {
    wait: () => new Promise((resolve) => setTimeout(resolve, ms)),
    waitSync: () => sleepSync(ms),
  };
}

/** Stops this thread for `ms` milliseconds. */
function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
