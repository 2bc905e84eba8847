/** Waits for the lock of the directory in its first argument, however long it takes, and reports when it has it. */
import { DataDirLock } from "@scope/handoff";
import { commands, report } from "../../../programs/report.ts";

let told = false;
using _lock = await DataDirLock.acquire(Deno.args[0], {
  timeout: Infinity,
  onWait: () => {
    if (!told) report("waiting");
    told = true;
  },
});
report("acquired");
for await (const _ of commands());
