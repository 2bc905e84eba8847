const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Calls `cleanUp`, and ends, when this program is interrupted before the disposal. */
export function onInterruption(cleanUp: () => Promise<void>): Disposable {
  const end = async () => {
    await cleanUp();
    Deno.exit(130);
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, end);
  return {
    [Symbol.dispose](): void {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, end);
    },
  };
}
