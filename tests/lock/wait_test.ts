import { assertEquals } from "@std/assert";
import { DataDirLock, type Holder } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { deadPid } from "../support/dead_pid.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { holding } from "../support/holding.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const form of ["acquire", "acquireOrBreakStale"] as const) {
  claim(`${form}() waits for a process that is alive, and gets the lock when that releases it`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    const told: Holder[] = [];
    const onWait = (who: Holder) => void told.push(who);
    // Between the withdrawal of the pidfile and the release of the flock the holder is unknown, which may be told.
    const acquiring = DataDirLock[form](dir.path, { timeout: Infinity, onWait, onStale: () => {} });
    await holder.ask("release");
    using _lock = await inTime(acquiring);
    assertEquals(told, [{ pid: holder.pid, liveness: "alive", self: false }]);
    assertEquals(isFree(dir.path), false);
  });

  claim(`${form}() gets the lock when the process that it waits for is killed with SIGKILL`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    const acquiring = DataDirLock[form](dir.path, { timeout: Infinity });
    await holder.killed();
    using lock = await inTime(acquiring);
    assertEquals(lock.released, false);
  });

  claim(`${form}() gets the lock when this very process gives it back`, async () => {
    using dir = new TempDir();
    const held = DataDirLock.acquireSync(dir.path);
    const acquiring = DataDirLock[form](dir.path, { timeout: Infinity });
    held.releaseSync();
    using lock = await inTime(acquiring);
    assertEquals(lock.released, false);
  });

  claim(`${form}() takes a free lock at once, however long it might wait`, async () => {
    using dir = new TempDir();
    const told: Holder[] = [];
    using _lock = await DataDirLock[form](dir.path, { timeout: Infinity, onWait: (holder) => void told.push(holder) });
    assertEquals(told, []);
  });

  claim(`${form}() waits for flock(1), which has no pidfile`, async () => {
    using dir = new TempDir();
    const prefix = ["flock", "--nonblock", dir.join(".handoff.lock")];
    await using locker = new Child("holder.ts", { args: [dir.path], prefix });
    assertEquals((await locker.ask("release")).event, "released");
    const told: Holder[] = [];
    const onWait = (holder: Holder) => void told.push(holder);
    const acquiring = DataDirLock[form](dir.path, { timeout: Infinity, onWait, onStale: () => {} });
    await locker.end();
    using _lock = await inTime(acquiring);
    assertEquals(told, [{ liveness: "unknown", self: false }]);
  }, { needs: ["flock"] });
}

claim("acquireOrBreakStale() waits for the process that holds the lock in place of a dead one", async () => {
  using dir = new TempDir();
  using foreign = new DisposableStack();
  const pid = await deadPid();
  foreign.use(new ForeignHolder(dir.path, { pidfile: `${pid}\n` }));
  const told: Holder[] = [];
  const onStale = (holder: Holder) => void told.push(holder);
  const acquiring = DataDirLock.acquireOrBreakStale(dir.path, { timeout: Infinity, onStale });
  foreign.dispose();
  using _lock = await inTime(acquiring);
  assertEquals(told, [{ pid, liveness: "dead", self: false }]);
});
