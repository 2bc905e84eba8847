/**
 * Acquires the directory in its first argument; at each line on its standard input goes to the one in its second, and
 * releases there.
 */
import { DataDirLock } from "@scope/handoff";
import { commands, report } from "./report.ts";

const [dataDir, elsewhere] = Deno.args;
const lock = await DataDirLock.acquire(dataDir);
report("acquired", { dataDir: lock.dataDir });
for await (const _ of commands()) {
  Deno.chdir(elsewhere);
  await lock.release();
  report("released", { dataDir: lock.dataDir });
}
