/** What it costs to be told that a lock is held, in a process that holds one itself, and so has libc open. */
import { DataDirLock } from "@scope/handoff";
import { assertFalse } from "@std/assert";
import properLockfile from "proper-lockfile";
import { Child } from "../tests/child.ts";
import { denoTryLock, denoTryLockSync, properLock, properLockSync } from "./others.ts";
import { makeDataDir, PLACES } from "./places.ts";

for (const place of PLACES) {
  const own = makeDataDir(place);
  DataDirLock.acquireSync(own);
  properLockfile.lockSync(own);
  benchRefusals(own, `held by this process, on ${place.name}`);

  const foreign = makeDataDir(place);
  const holder = new Child("../../bench/programs/holder.ts", { args: [foreign] });
  await holder.next();
  benchRefusals(foreign, `held by another process, on ${place.name}`);
}

function benchRefusals(dir: string, situation: string): void {
  const sync = `refused, synchronously: ${situation}`;
  Deno.bench("DataDirLock", { group: sync, baseline: true }, () => mustThrow(() => DataDirLock.acquireSync(dir)));
  Deno.bench("proper-lockfile", { group: sync }, () => mustThrow(() => properLockSync(dir)));
  Deno.bench("Deno.FsFile.tryLockSync", { group: sync }, () => assertFalse(denoTryLockSync(dir)));

  const async = `refused: ${situation}`;
  Deno.bench("DataDirLock", { group: async, baseline: true }, async () => await mustReject(DataDirLock.acquire(dir)));
  Deno.bench("proper-lockfile", { group: async }, async () => await mustReject(properLock(dir)));
  Deno.bench("Deno.FsFile.tryLock", { group: async }, async () => assertFalse(await denoTryLock(dir)));
}

function mustThrow(attempt: () => unknown): void {
  try {
    attempt();
  } catch {
    return;
  }
  throw new Error("The lock was not refused");
}

async function mustReject(attempt: Promise<unknown>): Promise<void> {
  try {
    await attempt;
  } catch {
    return;
  }
  throw new Error("The lock was not refused");
}
