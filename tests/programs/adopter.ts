/**
 * Adopts the lock of the directory in its first argument, which its parent passed to it by inheritance, and reports that.
 * Releases it when it is told to. Ends when its standard input is closed.
 */
import { HeldLock } from "../../lock/held_lock.ts";
import { openFiles } from "../support/raw_descriptor.ts";
import { commands, errorFields, report } from "./report.ts";

const [dataDir] = Deno.args;
const [received] = [...openFiles()].filter(([, path]) => path === `${dataDir}/.handoff.lock`).map(([fd]) => fd);
const lock = await HeldLock.adopt(dataDir, received).catch((error) => report("refused", errorFields(error)));
if (lock) {
  report("adopted", { pid: Deno.pid, dataDir: lock.dataDir });
  for await (const command of commands()) {
    if (command !== "release") continue;
    lock.releaseSync();
    report("released", { pid: Deno.pid });
  }
}
Deno.exit();
