/**
 * With each line on its standard input, acquires and releases the lock of the directory in its first argument as often
 * as the second says, in turns by the async and the sync form, and reports how often it was refused.
 */
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { commands, report } from "./report.ts";

const [dataDir, rounds] = Deno.args;

for await (const _line of commands()) {
  let refused = 0;
  for (let round = 0; round < Number(rounds); round++) {
    try {
      using _lock = round % 2 === 0 ? await DataDirLock.acquire(dataDir) : DataDirLock.acquireSync(dataDir);
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
      refused++;
    }
  }
  report("acquired", { refused });
}
