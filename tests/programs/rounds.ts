/**
 * With each line on its standard input, acquires and releases the lock of the directory in its first argument as often
 * as the second says, tries in vain to acquire it meanwhile, and reports what is in use afterwards. Needs
 * `--v8-flags=--expose-gc`.
 */
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { commands, report } from "./report.ts";

const { gc } = globalThis as unknown as { gc(): void };
const [dataDir, rounds] = Deno.args;

for await (const _line of commands()) {
  for (let round = 0; round < Number(rounds); round += 2) {
    await asyncRound();
    syncRound();
  }
  await new Promise((resolve) => setTimeout(resolve));
  gc();
  const { heapUsed, rss } = Deno.memoryUsage();
  report("usage", { descriptors: [...Deno.readDirSync("/dev/fd")].length, heap: heapUsed, memory: rss });
}

async function asyncRound(): Promise<void> {
  await using _lock = await DataDirLock.acquire(dataDir);
  try {
    await DataDirLock.acquire(dataDir);
    throw new Error("Two hold at once");
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw error;
  }
}

function syncRound(): void {
  using _lock = DataDirLock.acquireSync(dataDir);
  try {
    DataDirLock.acquireOrBreakStaleSync(dataDir);
    throw new Error("Two hold at once");
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw error;
  }
}
