/** Longer than anything that tests wait for takes, even on a busy machine: only a broken promise meets it. */
const PATIENCE_MS = 300_000;

/** The longest pause between two looks: each is twice as long as the one before, so that looking takes no processor. */
const LONGEST_PAUSE_MS = 16;

/** The runtime's own, whatever a test puts in their place later. */
const { setTimeout, clearTimeout } = globalThis;
const now = performance.now.bind(performance);

/** What `promise` resolves to; rejects where the test would otherwise hang for ever. `what` is what did not happen. */
export async function inTime<T>(promise: Promise<T>, what = "Nothing happened"): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} for ${PATIENCE_MS} ms`)), PATIENCE_MS);
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks `attempt` until it does not throw: for what another thread or the kernel is about to do. */
export async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  const start = now();
  for (let pause = 0;; pause = Math.min(2 * pause + 1, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (now() - start > PATIENCE_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Resolves as soon as `condition` holds; rejects, naming `what`, where it never does. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  await eventually(async () => {
    if (!await condition()) throw new Error(`It has not come about that ${what}`);
  });
}
