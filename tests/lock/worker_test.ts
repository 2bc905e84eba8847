import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { claim } from "../support/claim.ts";
import { LockWorker } from "../support/lock_worker.ts";
import { eventually } from "../support/patience.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";

/** What a thread is told of a lock that another thread of its process holds. */
const OWN_NUMBER = { pid: Deno.pid, liveness: "alive", self: false };
const ITSELF = { pid: Deno.pid, liveness: "alive", self: true };

for (const form of ["acquire", "acquireSync"] as const) {
  claim(`${form}() is refused where the same program holds, and says so`, async () => {
    using dir = new TempDir();
    using _lock = DataDirLock.acquireSync(dir.path);
    const refusal = await refused(() => DataDirLock[form](dir.path));
    assertEquals(refusal.holder, ITSELF);
    assertEquals(refusal.holderPid, Deno.pid);
  });
}

claim("acquire() is refused in a worker where its own program holds, and told its own number", async () => {
  using dir = new TempDir();
  using _lock = DataDirLock.acquireSync(dir.path);
  using worker = new LockWorker(dir.path);
  const { error, holder } = await worker.acquire();
  assertEquals({ error, holder }, { error: "LockHeldError", holder: OWN_NUMBER });
});

claim("of two workers, the second is refused and told its own number", async () => {
  using dir = new TempDir();
  using first = new LockWorker(dir.path);
  using second = new LockWorker(dir.path);
  assertEquals(await first.acquire(), { event: "acquired" });
  const { error, holder } = await second.acquire();
  assertEquals({ error, holder }, { error: "LockHeldError", holder: OWN_NUMBER });
});

claim("the lock is free after the worker that holds it was terminated", async () => {
  using dir = new TempDir();
  using worker = new LockWorker(dir.path);
  assertEquals(await worker.acquire(), { event: "acquired" });
  assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError);
  worker.terminate();
  // The worker's thread ends a moment after terminate() has returned.
  using lock = await eventually(() => DataDirLock.acquireSync(dir.path));
  assertEquals(lock.released, false);
});

claim("a refused worker that is terminated leaves the lock and the pidfile of its process", async () => {
  using dir = new TempDir();
  using _lock = DataDirLock.acquireSync(dir.path);
  using worker = new LockWorker(dir.path);
  assertEquals((await worker.acquire()).error, "LockHeldError");
  worker.terminate();
  assertEquals(pidfile(dir), `${Deno.pid}\n`);
  assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError);
});

async function refused(acquire: () => unknown): Promise<LockHeldError> {
  return await assertRejects(async () => void await acquire(), LockHeldError) as LockHeldError;
}
