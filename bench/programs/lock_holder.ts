/**
 * Holds a directory in every way that is measured, so that each contestant in another process is refused; writes to it
 * without pause when told to. Ends when its standard input does.
 */
import { DataDirLock } from "@scope/handoff";
import { commands, report } from "../../tests/programs/report.ts";
import { npmLockfile, proper } from "../contestants.ts";

const [dataDir] = Deno.args;
await using _lock = await DataDirLock.acquire(dataDir);
await proper.take(dataDir);
await npmLockfile.take(dataDir);
report("holding");
for await (const _ of commands()) {
  report("writing");
  write();
}
Deno.exit();

/** Overwrites a file and renames it in place, as a daemon's checkpoint does; in turns, so that timers still run. */
function write(): void {
  for (let round = 0; round < 100; round++) {
    Deno.writeTextFileSync(`${dataDir}/state.tmp`, String(round));
    Deno.renameSync(`${dataDir}/state.tmp`, `${dataDir}/state`);
  }
  setTimeout(write);
}
