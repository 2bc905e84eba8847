/**
 * Waits for the lock of the directory in its first argument when it is told to, reports whom it waits for and what came
 * of it, and goes on to take commands meanwhile. Ends when its standard input is closed and nothing is left to do.
 */
import { DataDirLock } from "@scope/handoff";
import { commands, errorFields, report } from "./report.ts";
import { usage } from "./usage.ts";

const [dataDir] = Deno.args;
let stop = new AbortController();
let lock: DataDirLock | undefined;

const actions: Record<string, () => void> = {
  acquire: () => void take("acquire"),
  break: () => void take("acquireOrBreakStale"),
  abort: () => stop.abort(new RangeError("stopped")),
  ask: () => report("here", usage(dataDir)),
  release: () => lock?.releaseSync(),
};

for await (const command of commands()) actions[command]();

async function take(form: "acquire" | "acquireOrBreakStale"): Promise<void> {
  stop = new AbortController();
  try {
    lock = await DataDirLock[form](dataDir, {
      timeout: Infinity,
      signal: stop.signal,
      onWait: (holder) => report("waiting", { holder }),
    });
    report("acquired", { dataDir: lock.dataDir });
  } catch (error) {
    report("refused", errorFields(error));
  }
}
