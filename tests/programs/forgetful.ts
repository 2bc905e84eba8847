/** Acquires the lock of the directory in its first argument, reports it, and has nothing more to do. */
import { DataDirLock } from "@scope/handoff";
import { report } from "./report.ts";

const lock = await DataDirLock.acquire(Deno.args[0]);
report("acquired", { dataDir: lock.dataDir });
