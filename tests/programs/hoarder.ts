/**
 * Acquires, releases, or does both, with the lock of the directory in its first argument, when a line on its standard
 * input says so: `acquireSync 3` leaves three file descriptors to do it with, of those that the kernel grants.
 */
import { closeSync, openSync } from "node:fs";
import { DataDirLock } from "@scope/handoff";
import { commands, errorFields, report } from "./report.ts";

const [dataDir] = Deno.args;
let lock: DataDirLock | undefined;

const actions: Record<string, () => DataDirLock | void | Promise<DataDirLock | void>> = {
  acquire: () => DataDirLock.acquire(dataDir),
  acquireSync: () => DataDirLock.acquireSync(dataDir),
  release: () => lock?.release(),
  releaseSync: () => lock?.releaseSync(),
};

for await (const line of commands()) {
  const [command, left] = line.split(" ");
  const hoard = openAll();
  for (const fd of hoard.splice(0, Number(left))) closeSync(fd);
  try {
    lock = await actions[command]() ?? undefined;
    report(lock === undefined ? "released" : "acquired");
  } catch (error) {
    report("refused", errorFields(error));
  }
  for (const fd of hoard) closeSync(fd);
}

function openAll(): number[] {
  const opened: number[] = [];
  try {
    while (true) opened.push(openSync("/dev/null", "r"));
  } catch {
    return opened;
  }
}
