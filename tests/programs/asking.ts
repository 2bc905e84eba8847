/** Acquires the lock of the directory in its first argument, reports that, and ends. */
import { DataDirLock } from "@scope/handoff";
import { report } from "./report.ts";

await using lock = await DataDirLock.acquire(Deno.args[0]);
report("acquired", { dataDir: lock.dataDir });
