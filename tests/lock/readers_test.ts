import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A shared flock on the lockfile of `dir`, as `flock --shared` takes it. */
function reader(dir: TempDir): Deno.FsFile {
  const file = Deno.openSync(dir.join(".handoff.lock"), { read: true, write: true, create: true });
  assertEquals(file.tryLockSync(false), true);
  return file;
}

claim("acquire() and acquireSync() are refused while a reader keeps its shared lock", async () => {
  using dir = new TempDir();
  using _reader = reader(dir);
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError);
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
