/** What it costs to take a free lock and to give it back. */
import { DataDirLock } from "@scope/handoff";
import { assert } from "@std/assert";
import { openLibc } from "../ffi/libc.ts";
import { byHand, byHandSync } from "./by_hand.ts";
import { denoTryLock, denoTryLockSync, properLock, properLockSync } from "./others.ts";
import { makeDataDir, PLACES } from "./places.ts";

for (const place of PLACES) {
  const dir = makeDataDir(place);
  const sync = `acquireSync, releaseSync, on ${place.name}`;
  Deno.bench("DataDirLock", { group: sync, baseline: true }, () => {
    DataDirLock.acquireSync(dir).releaseSync();
  });
  Deno.bench("DataDirLock where libc is open", { group: sync }, (context) => {
    using _libc = openLibc();
    context.start();
    DataDirLock.acquireSync(dir).releaseSync();
    context.end();
  });
  Deno.bench("the same system calls by hand", { group: sync }, () => byHandSync(dir));
  Deno.bench("proper-lockfile", { group: sync }, () => properLockSync(dir));
  Deno.bench("Deno.FsFile.tryLockSync", { group: sync }, () => assert(denoTryLockSync(dir)));

  const async = `acquire, release, on ${place.name}`;
  Deno.bench("DataDirLock", { group: async, baseline: true }, async () => {
    const lock = await DataDirLock.acquire(dir);
    await lock.release();
  });
  Deno.bench("DataDirLock where libc is open", { group: async }, async (context) => {
    using _libc = openLibc();
    context.start();
    const lock = await DataDirLock.acquire(dir);
    await lock.release();
    context.end();
  });
  Deno.bench("the same system calls by hand", { group: async }, async () => await byHand(dir));
  Deno.bench("proper-lockfile", { group: async }, async () => await properLock(dir));
  Deno.bench("Deno.FsFile.tryLock", { group: async }, async () => assert(await denoTryLock(dir)));
}
