/**
 * Acquires the lock of the directory in its first argument, reports what came of it, and runs until it is killed, or
 * restarted by `--watch`. With `unheard` as its second argument nobody hears of the restart: as when a program crashes.
 */
import { DataDirLock } from "@scope/handoff";
import { errorFields, report } from "./report.ts";

const [dataDir, unload] = Deno.args;
if (unload === "unheard") addEventListener("unload", (event) => event.stopImmediatePropagation());
try {
  await DataDirLock.acquire(dataDir);
  report("acquired", { pid: Deno.pid });
} catch (error) {
  report("refused", errorFields(error));
}
setInterval(() => {}, 1_000_000);
