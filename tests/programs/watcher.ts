/**
 * Acquires the lock of the directory in its first argument, watches for its loss, and touches the lockfile as often as
 * the second argument says; reports what is in use before and after, and has nothing more to do. The third argument may
 * leave it one of the two ways in which the watch comes to be forgotten: "no timer" fires, or "no microtask" is run.
 */
import { DataDirLock } from "@scope/handoff";
import { FakeTimers } from "../support/fake_timers.ts";
import { report } from "./report.ts";
import { usage } from "./usage.ts";

const [dataDir, touches, without] = Deno.args;
if (without !== undefined) new FakeTimers(without === "no timer" ? "never end" : "end at once");
const lock = await DataDirLock.acquire(dataDir);
report("acquired", usage(dataDir));
if (without === "no microtask") globalThis.queueMicrotask = () => {};
const { lost } = lock;
for (let touch = 0; touch < Number(touches); touch++) {
  await Deno.utime(`${dataDir}/.handoff.lock`, touch, touch);
  await new Promise((resolve) => setTimeout(resolve));
}
report("watching", { lost: lost.aborted, ...usage(dataDir) });
