import { assertEquals, assertRejects } from "@std/assert";
import { DataDirLock } from "@scope/handoff";
import { Child, type Report } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { eventually, inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

/** What anybody may abort with: an error, and what is none. */
const REASONS: readonly unknown[] = [new RangeError("stopped"), "stopped", null];

for (const form of ["acquire", "acquireOrBreakStale"] as const) {
  for (const reason of REASONS) {
    claim(
      `${form}() with a signal that is aborted rejects with its reason, ${reason}, and touches no disk`,
      async () => {
        using dir = new TempDir();
        const signal = AbortSignal.abort(reason);
        assertEquals(await rejection(DataDirLock[form](dir.join("data"), { signal })), { reason });
        assertEquals(dir.entries(), []);
      },
    );

    claim(`${form}() rejects with the reason of the signal that is aborted while it waits, ${reason}`, async () => {
      using dir = new TempDir();
      using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
      const stop = new AbortController();
      const acquiring = DataDirLock[form](dir.path, { timeout: Infinity, signal: stop.signal });
      stop.abort(reason);
      assertEquals(await rejection(acquiring), { reason });
    });
  }

  claim(`${form}() that is aborted while it waits, is over after a turn or two of the event loop`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
    const stop = new AbortController();
    const acquiring = DataDirLock[form](dir.path, { timeout: Infinity, signal: stop.signal });
    const timer = turns();
    stop.abort("stopped");
    assertEquals(await Promise.race([rejection(acquiring), timer]), { reason: "stopped" });
    await timer;
  });

  claim(`${form}() that is aborted by its onWait is over after a turn or two of the event loop`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
    const stop = new AbortController();
    const onWait = () => stop.abort("stopped");
    const acquiring = DataDirLock[form](dir.path, { timeout: Infinity, signal: stop.signal, onWait });
    const timer = nextTimer().then(nextTimer).then(nextTimer);
    assertEquals(await Promise.race([rejection(acquiring), timer]), { reason: "stopped" });
    await timer;
  });

  claim(`${form}() that is aborted after it has the flock gives it back, and withdraws the pidfile`, async () => {
    using dir = new TempDir();
    const stop = new AbortController();
    const acquiring = DataDirLock[form](dir.path, { signal: stop.signal });
    assertEquals(isFree(dir.path), false);
    stop.abort("stopped");
    assertEquals(await rejection(acquiring), { reason: "stopped" });
    assertEquals(isFree(dir.path), true);
    assertEquals(dir.entries(), [".handoff.lock"]);
  });
}

claim("a signal that times out ends the waiting with its TimeoutError", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity, signal: AbortSignal.timeout(1) });
  assertEquals((await assertRejects(() => inTime(acquiring), DOMException)).name, "TimeoutError");
});

claim("an aborted acquire does not get the lock that its holder gives back later", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path] });
  await using waiter = new Child("waiter.ts", { args: [dir.path] });
  await holder.ask("acquire");
  await waiter.ask("acquire");
  assertEquals((await inTime(waiter.ask("abort"))).message, "stopped");
  await holder.ask("release");
  assertEquals((await waiter.ask("ask")).event, "here");
  assertEquals(isFree(dir.path), true);
  assertEquals(dir.entries(), [".handoff.lock"]);
});

claim("an aborted acquire leaves no descriptor open and watches nothing", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
  await using waiter = new Child("waiter.ts", { args: [dir.path] });
  // The first watch of a process opens what the runtime then keeps for all of them.
  await abortedWait(waiter);
  const before = await afterWatching(waiter);
  await abortedWait(waiter);
  // Another thread of the runtime closes what the watch had open.
  await eventually(async () => assertEquals(await afterWatching(waiter), before));
}, { needs: ["linux"] });

claim("an aborted acquire does not keep its program from ending", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
  await using waiter = new Child("waiter.ts", { args: [dir.path] });
  await abortedWait(waiter);
  assertEquals((await inTime(waiter.end())).code, 0);
});

claim("a program that waits goes on with all else", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
  await using waiter = new Child("waiter.ts", { args: [dir.path] });
  assertEquals((await waiter.ask("acquire")).event, "waiting");
  for (let round = 0; round < 10; round++) assertEquals((await waiter.ask("ask")).watches, 1);
}, { needs: ["linux"] });

async function abortedWait(waiter: Child): Promise<void> {
  assertEquals((await inTime(waiter.ask("acquire"))).event, "waiting");
  assertEquals((await inTime(waiter.ask("abort"))).event, "refused");
}

/** What is in use when nothing is watched any more: a thread of the runtime closes the watch, a moment later. */
async function afterWatching(waiter: Child): Promise<Report> {
  return await eventually(async () => {
    const usage = await waiter.ask("ask");
    assertEquals(usage.watches, 0);
    return usage;
  });
}

/** What a promise is rejected with, be it an error or not. */
async function rejection(promise: Promise<unknown>): Promise<{ reason: unknown }> {
  return await inTime(promise).then(() => Promise.reject(new Error("It was not rejected")), (reason) => ({ reason }));
}

/** A few turns of the event loop, which take less time than the shortest pause. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

function nextTimer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
