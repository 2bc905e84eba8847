/**
 * Does what the lines on its standard input say, with the lock of the directory in its first argument, and reports what
 * came of it. Ends when its standard input is closed, without releasing by itself.
 */
import { DataDirLock } from "@scope/handoff";
import { commands, errorFields, report } from "./report.ts";

const [dataDir] = Deno.args;
let lock: DataDirLock | undefined;

const onStale = (holder: unknown) => report("stale", { holder });
const actions: Record<string, () => DataDirLock | void | Promise<DataDirLock | void>> = {
  acquire: () => DataDirLock.acquire(dataDir),
  acquireSync: () => DataDirLock.acquireSync(dataDir),
  break: () => DataDirLock.acquireOrBreakStale(dataDir, { onStale }),
  breakSync: () => DataDirLock.acquireOrBreakStaleSync(dataDir, { onStale }),
  breakAloud: () => DataDirLock.acquireOrBreakStale(dataDir),
  release: () => lock?.release(),
  releaseSync: () => lock?.releaseSync(),
  verify: () => lock?.verify(),
  exit: () => Deno.exit(),
};

for await (const command of commands()) {
  try {
    const result = await actions[command]();
    if (result === undefined) {
      report("released", { released: lock?.released });
    } else {
      lock = result;
      report("acquired", { pid: Deno.pid, dataDir: lock.dataDir });
    }
  } catch (error) {
    report("refused", errorFields(error));
  }
}
