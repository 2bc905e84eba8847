/** The first pause after an accept that failed, and the longest, in milliseconds. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1_000;

/**
 * Calls `accept` until it does not throw, with longer and longer pauses: where descriptors or memory are short, the
 * connection waits in the queue until there are some again. Ends when the signal is aborted.
 */
export async function acceptPatiently<T>(accept: () => T, signal: AbortSignal): Promise<T> {
  for (let pause = FIRST_PAUSE;; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return accept();
    } catch {
      await sleep(pause, signal);
    }
  }
}

/** Rejects with the signal's reason when that is aborted. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
