import { assert, assertEquals } from "@std/assert";
import { DataDirLock, LockLostError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { FakeTimers } from "../support/fake_timers.ts";
import { LOSSES } from "../support/losses.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const { event, reason, happen } of LOSSES) {
  claim(`lost is aborted, with "${reason}", after ${event}`, async () => {
    using dir = new TempDir();
    using _clock = new FakeTimers("end at once");
    using lock = DataDirLock.acquireSync(dir.join("data"));
    assertEquals(lock.lost.aborted, false);
    happen(dir);
    const error = await aborted(lock.lost);
    assertEquals([error.name, error.reason, error.dataDir], ["LockLostError", reason, dir.join("data")]);
  });

  claim(`lost is aborted from the first look on, when that is after ${event}`, () => {
    using dir = new TempDir();
    using lock = DataDirLock.acquireSync(dir.join("data"));
    happen(dir);
    assertEquals(lock.lost.aborted, true);
    assertEquals(lock.lost.reason.reason, reason);
  });
}

for (const { event, happen } of LOSSES.filter(({ reason }) => reason.startsWith("lockfile-"))) {
  claim(`the watcher alone reports that ${event}`, async () => {
    using dir = new TempDir();
    using _clock = new FakeTimers("never end");
    using lock = DataDirLock.acquireSync(dir.join("data"));
    const { lost } = lock;
    happen(dir);
    assert(await aborted(lost) instanceof LockLostError);
  });
}

claim("no timer is started before the first look at lost", () => {
  using dir = new TempDir();
  using clock = new FakeTimers("never end");
  using lock = DataDirLock.acquireSync(dir.path);
  assertEquals(clock.intervals, 0);
  assertEquals(lock.lost.aborted, false);
  assertEquals(clock.intervals, 1);
});

claim("no file is watched before the first look at lost", async () => {
  using dir = new TempDir();
  await using program = new Child("watcher.ts", { args: [dir.path] });
  assertEquals((await program.next()).watches, 0);
  assertEquals((await program.next()).watches, 1);
}, { needs: ["linux"] });

claim("every look at lost gives the same signal, and starts no second timer", () => {
  using dir = new TempDir();
  using clock = new FakeTimers("never end");
  using lock = DataDirLock.acquireSync(dir.path);
  assertEquals(lock.lost === lock.lost, true);
  assertEquals(clock.intervals, 1);
});

claim("lost stays as it is while the directory is in use", async () => {
  using dir = new TempDir();
  using clock = new FakeTimers("end at once");
  using lock = DataDirLock.acquireSync(dir.path);
  const { lost } = lock;
  Deno.removeSync(dir.join(".handoff.pidfile"));
  Deno.utimeSync(dir.join(".handoff.lock"), 0, 0);
  await untilTicks(clock, 20);
  assertEquals(lost.aborted, false);
});

claim("a released lock is not lost, whatever happens to its directory", async () => {
  using dir = new TempDir();
  using clock = new FakeTimers("end at once");
  const lock = DataDirLock.acquireSync(dir.join("data"));
  const { lost } = lock;
  await untilTicks(clock, 1);
  lock.releaseSync();
  Deno.removeSync(dir.join("data"), { recursive: true });
  await nextTimer();
  assertEquals(lost.aborted, false);
  assertEquals(lock.lost.aborted, false);
});

claim("lost of a lock that was released starts no watch, and is never aborted", () => {
  using dir = new TempDir();
  using clock = new FakeTimers("never end");
  const lock = DataDirLock.acquireSync(dir.path);
  lock.releaseSync();
  Deno.removeSync(dir.join(".handoff.lock"));
  assertEquals(lock.lost.aborted, false);
  assertEquals(clock.intervals, 0);
});

for (const touches of [0, 3]) {
  claim(`watching for the loss keeps no program from ending, after ${touches} events of the lockfile`, async () => {
    using dir = new TempDir();
    await using program = new Child("watcher.ts", { args: [dir.path, String(touches)] });
    assertEquals((await program.next()).event, "acquired");
    assertEquals((await inTime(program.next())).lost, false);
    assertEquals((await inTime(program.status, "The program did not end")).code, 0);
  });
}

/** What alone is left to forget the watch, which an event makes count again. */
const FORGETTERS = [
  { touches: 0, by: "its start", without: "no timer" },
  { touches: 3, by: "its events", without: "no timer" },
  { touches: 3, by: "its timer", without: "no microtask" },
];

for (const { touches, by, without } of FORGETTERS) {
  claim(`watching for the loss keeps no program from ending, by ${by} alone`, async () => {
    using dir = new TempDir();
    await using program = new Child("watcher.ts", { args: [dir.path, String(touches), without] });
    assertEquals((await program.next()).event, "acquired");
    assertEquals((await program.next()).lost, false);
    assertEquals((await inTime(program.status, "The program did not end")).code, 0);
  });
}

claim("watching for the loss never throws, though the directory cannot be looked at any more", async () => {
  using dir = new TempDir();
  await using program = new Child("blind.ts", { args: [dir.path] });
  assertEquals((await inTime(program.next())).lost, false);
  assertEquals((await program.status).code, 0);
});

async function aborted(signal: AbortSignal): Promise<LockLostError> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await inTime(promise, "Nobody was told of the loss");
  return signal.reason;
}

async function untilTicks(clock: FakeTimers, count: number): Promise<void> {
  while (clock.ticks < count) await nextTimer();
}

function nextTimer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
