/** How often it looks for orphans that have ended, in milliseconds. It reaps those that have ended by the look before, too. */
const INTERVAL = 500;

/**
 * As PID 1, reaps the processes that their parents left behind, until it is disposed of; not `ours`, which
 * something else waits for. Does nothing in any other process, which gets none.
 */
export async function reapOrphans(ours: ReadonlySet<number>): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  if (Deno.pid === 1 && Deno.build.os === "linux") {
    const { openOs } = await import("../handoff/linux.ts");
    const os = opened.use(openOs());
    const timer = setInterval(() => void os.reapOrphans((pid) => ours.has(pid)), INTERVAL);
    opened.defer(() => clearInterval(timer));
  }
  return opened.move();
}
