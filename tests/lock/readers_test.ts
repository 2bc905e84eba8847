import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataDirLock, inspect, LockHeldError } from "@scope/handoff";
import { untilFree } from "../../lock/inspect.ts";
import { dataInMemory } from "../support/temp_data_dir.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A shared flock on the lockfile of `dir`, as `flock --shared` takes it. */
function reader(dir: Pick<TempDir, "join">): Deno.FsFile {
  const file = Deno.openSync(dir.join(".handoff.lock"), { read: true, write: true, create: true });
  assertEquals(file.tryLockSync(false), true);
  return file;
}

claim("acquire() and acquireSync() are refused while a reader keeps its shared lock, and say so", async () => {
  using dir = new TempDir();
  using _reader = reader(dir);
  for (
    const refusal of [
      await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError, "a reader has a shared flock"),
      assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError, "a reader has a shared flock"),
    ]
  ) assertEquals(refusal.holder, { liveness: "unknown", self: false, reader: true });
});

claim("acquire() gets the lock that a reader gives back meanwhile, though it is not to wait", async () => {
  using dir = new TempDir();
  using shared = reader(dir);
  const acquired = DataDirLock.acquire(dir.path);
  shared.unlockSync();
  await (await acquired).release();
});

claim("a refused acquire does not take the reader's lock away", async () => {
  using dir = new TempDir();
  using first = reader(dir);
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  using other = Deno.openSync(dir.join(".handoff.lock"), { read: true, write: true });
  assertEquals(other.tryLockSync(true), false);
  first.unlockSync();
  assertEquals(other.tryLockSync(true), true);
});

claim("an acquire that breaks stale locks calls no reader's lock stale", async () => {
  using dir = new TempDir();
  using _reader = reader(dir);
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "2147483647\n");
  const stale: unknown[] = [];
  const options = { onStale: (holder: unknown) => stale.push(holder) };
  await assertRejects(() => DataDirLock.acquireOrBreakStale(dir.path, options), LockHeldError);
  assertEquals(stale, []);
});

claim("status and wait say of a reader what an acquire would: not now", async () => {
  using dir = dataInMemory();
  using data = { path: dir.join("data"), join: (name: string) => dir.join(`data/${name}`), [Symbol.dispose]() {} };
  using shared = reader(data);
  assertEquals((await inspect(data.path)).held, true);
  await assertRejects(() => untilFree(data.path, { timeout: 0 }), LockHeldError, "a reader");
  const freed = untilFree(data.path, { timeout: Infinity });
  shared.unlockSync();
  await freed;
  assertEquals((await inspect(data.path)).held, false);
}, { needs: ["initial pid namespace"] });
