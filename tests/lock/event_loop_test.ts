import { assertEquals } from "@std/assert";
import { DataDirLock, inspect } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { inTime } from "../support/patience.ts";
import { trace } from "../support/strace.ts";
import { TempDir } from "../support/temp_dir.ts";

const FLUSHED = [".handoff.pidfile.tmp", "."];

for (const form of ["acquire", "break"]) {
  const name = form === "break" ? "acquireOrBreakStale()" : "acquire()";

  claim(`${name} flushes to the disk, but not on the thread of the event loop`, async () => {
    const calls = await trace([form]);
    const eventLoop = calls.find((call) => call.name === "flock")?.thread;
    const flushes = calls.filter((call) => call.name === "fsync");
    assertEquals(flushes.map((call) => call.file), FLUSHED);
    assertEquals(flushes.filter((call) => call.thread === eventLoop), []);
  }, { needs: ["strace"] });

  claim(`${name.replace("()", "Sync()")} asks no other thread for anything`, async () => {
    const calls = await trace([`${form}Sync`]);
    const flushes = calls.filter((call) => call.name === "fsync");
    assertEquals(flushes.map((call) => call.file), FLUSHED);
    assertEquals(new Set(calls.map((call) => call.thread)).size, 1);
  }, { needs: ["strace"] });
}

claim("a lock that is held does not keep its program from ending", async () => {
  using dir = new TempDir();
  await using program = new Child("forgetful.ts", { args: [dir.path] });
  assertEquals((await program.next()).event, "acquired");
  assertEquals((await inTime(program.status)).code, 0);
});

/** Calls that need not wait for anything, so that they could settle without a turn of the event loop. */
const AT_ONCE: Readonly<Record<string, (dir: TempDir) => Promise<unknown>>> = {
  "acquire() that is refused": (dir) => DataDirLock.acquire(dir.path).catch(() => {}),
  "acquire() with an aborted signal": (dir) => DataDirLock.acquire(dir.path, { signal: ABORTED }).catch(() => {}),
  "inspect()": (dir) => inspect(dir.path),
  "inspect() of what is no path": () => inspect("").catch(() => {}),
  "release()": () => released.release(),
};

const ABORTED = AbortSignal.abort();
const released = DataDirLock.acquireSync(Deno.makeTempDirSync());
released.releaseSync();
Deno.removeSync(released.dataDir, { recursive: true });

for (const [what, call] of Object.entries(AT_ONCE)) {
  claim(`a loop over ${what} lets timers run`, async () => {
    using dir = new TempDir();
    using _lock = DataDirLock.acquireSync(dir.path);
    let fired = false;
    setTimeout(() => fired = true, 0);
    const start = performance.now();
    while (!fired && performance.now() - start < STARVED_MS) await call(dir);
    assertEquals(fired, true);
  });
}

/** Longer than a timer of 0 ms takes on a busy machine, where anything lets it run. */
const STARVED_MS = 10_000;
