/**
 * Acquires the lock of the directory in its first argument, reports that, and ends by `Deno.exit` with the first line on
 * its standard input. A listener that comes after the lock's own, as that of a program that still writes, reports whether
 * another could have the lock, and what stands in the directory.
 */
import { DataDirLock } from "@scope/handoff";
import { commands, report } from "./report.ts";

const [dataDir] = Deno.args;
await using lock = await DataDirLock.acquire(dataDir);
addEventListener("unload", () => {
  using other = Deno.openSync(`${lock.dataDir}/.handoff.lock`);
  const names = [...Deno.readDirSync(dataDir)].map(({ name }) => name);
  report("late", { free: other.tryLockSync(true), names });
});
report("acquired");
for await (const line of commands()) {
  if (line === "exit") Deno.exit();
  dispatchEvent(new Event("unload"));
}
