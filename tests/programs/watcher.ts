/**
 * Acquires the lock of the directory in its first argument, watches for its loss, and touches the lockfile as often as
 * the second argument says; reports what is in use before and after, and has nothing more to do.
 */
import { DataDirLock } from "@scope/handoff";
import { report } from "./report.ts";
import { usage } from "./usage.ts";

const [dataDir, touches] = Deno.args;
const lock = await DataDirLock.acquire(dataDir);
report("acquired", usage());
const { lost } = lock;
for (let touch = 0; touch < Number(touches); touch++) {
  await Deno.utime(`${dataDir}/.handoff.lock`, touch, touch);
  await new Promise((resolve) => setTimeout(resolve));
}
report("watching", { lost: lost.aborted, ...usage() });
