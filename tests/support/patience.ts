/** Longer than anything that tests wait for takes, even on a busy machine: only a broken promise meets it. */
const PATIENCE_MS = 60_000;

/** What `promise` resolves to; rejects where the test would otherwise hang for ever. */
export async function inTime<T>(promise: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`Nothing happened for ${PATIENCE_MS} ms`)), PATIENCE_MS);
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks `attempt` until it does not throw: for what another thread or the kernel is about to do. */
export async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (const start = performance.now();;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() - start > PATIENCE_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}
