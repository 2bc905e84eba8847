/**
 * One procedure, two forms. What a lock does is the same synchronously and asynchronously, but for who waits while a
 * file is flushed to the disk: so it is written once, as a generator that yields each file to flush, and run by one of
 * the two functions below. A failed flush is thrown at the `yield`.
 */
export type Steps<T> = Generator<Pick<Deno.FsFile, "sync" | "syncSync">, T>;

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

/** Runs the steps and leaves the event loop free while the disk is busy. */
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
