/**
 * Acquires the lock of the directory in its first argument and watches for its loss; then gives up the permission to
 * look, goes on to look many times, and reports what comes of that.
 */
import { DataDirLock } from "@scope/handoff";
import { FakeTimers } from "../support/fake_timers.ts";
import { errorFields, report } from "./report.ts";

const LOOKS = 20;

using clock = new FakeTimers("end at once");
const lock = DataDirLock.acquireSync(Deno.args[0]);
const { lost } = lock;
Deno.permissions.revokeSync({ name: "read" });
const end = clock.ticks + LOOKS;
while (clock.ticks < end) await new Promise((resolve) => setTimeout(resolve));
try {
  lock.verify();
  report("verified", { lost: lost.aborted });
} catch (error) {
  report("failed", { lost: lost.aborted, ...errorFields(error) });
}
Deno.exit();
