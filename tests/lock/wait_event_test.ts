import { assertEquals } from "@std/assert";
import { DataDirLock, type Holder } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { FakeTimers } from "../support/fake_timers.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { holding } from "../support/holding.ts";
import { eventually, inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

const WRITES = 2_000;

claim("a release by another process wakes the waiter, without any polling", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  using clock = new FakeTimers("never end");
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity });
  await holder.ask("release");
  using _lock = await inTime(acquiring, "Nobody was woken");
  assertEquals(clock.pauses, 1);
}, { needs: ["linux"] });

claim("a waiter that was woken for nothing is woken again", async () => {
  using dir = new TempDir();
  using holder = new DisposableStack();
  holder.use(new ForeignHolder(dir.path));
  using clock = new FakeTimers("never end");
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity });
  touch(dir);
  await eventually(() => assertEquals(clock.pauses, 2));
  holder.dispose();
  using _lock = await inTime(acquiring);
}, { needs: ["linux"] });

claim("a waiter that was woken looks soon again", async () => {
  using dir = new TempDir();
  using holder = new DisposableStack();
  holder.use(new ForeignHolder(dir.path, { pidfile: `${Deno.pid}\n` }));
  using clock = new FakeTimers("never end");
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity });
  const { paused: first } = clock;
  for (const pauses of [2, 3, 4]) {
    touch(dir);
    await eventually(() => assertEquals(clock.pauses, pauses));
  }
  assertEquals(clock.paused, 4 * first);
  holder.dispose();
  using _lock = await inTime(acquiring);
}, { needs: ["linux"] });

claim("a holder that was alive at the last look, and has withdrawn its pidfile, is not called stale", async () => {
  using dir = new TempDir();
  using holder = new DisposableStack();
  holder.use(new ForeignHolder(dir.path, { pidfile: `${Deno.pid}\n` }));
  using clock = new FakeTimers("never end");
  const stale: Holder[] = [];
  const onStale = (who: Holder) => void stale.push(who);
  const acquiring = DataDirLock.acquireOrBreakStale(dir.path, { timeout: Infinity, onStale });
  Deno.removeSync(dir.join(".handoff.pidfile"));
  touch(dir);
  await eventually(() => assertEquals(clock.pauses, 2));
  assertEquals(stale, []);
  touch(dir);
  await eventually(() => assertEquals(clock.pauses, 3));
  assertEquals(stale, [{ liveness: "unknown", self: false }]);
  holder.dispose();
  using _lock = await inTime(acquiring);
}, { needs: ["linux"] });

claim("a directory that its holder writes to all the time does not wake the waiter", async () => {
  using dir = new TempDir();
  using holder = new DisposableStack();
  holder.use(new ForeignHolder(dir.path, { pidfile: `${Deno.pid}\n` }));
  using clock = new FakeTimers("never end");
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity });
  for (let write = 0; write < WRITES; write++) {
    await Deno.writeTextFile(dir.join("journal"), "entry\n", { append: true });
  }
  await Deno.rename(dir.join("journal"), dir.join("journal.1"));
  await Deno.remove(dir.join(".handoff.pidfile"));
  assertEquals(clock.pauses, 1);
  holder.dispose();
  using _lock = await inTime(acquiring);
}, { needs: ["linux"] });

claim("inspections do not wake the waiter", async () => {
  using dir = new TempDir();
  using holder = new DisposableStack();
  holder.use(new ForeignHolder(dir.path));
  await using inspector = new Child("inspector.ts", {
    args: [dir.path],
    permissions: ["--allow-ffi", `--allow-read=${dir.path}`],
  });
  using clock = new FakeTimers("never end");
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity });
  for (let look = 0; look < 10; look++) assertEquals((await inspector.ask("inspect")).held, true);
  assertEquals(clock.pauses, 1);
  holder.dispose();
  using _lock = await inTime(acquiring);
}, { needs: ["linux"] });

claim("a waiter gets the lock by polling where the runtime can watch no file", async () => {
  using dir = new TempDir();
  using holder = new DisposableStack();
  holder.use(new ForeignHolder(dir.path, { pidfile: `${Deno.pid}\n` }));
  using _watching = new NoWatching();
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity });
  holder.dispose();
  using lock = await inTime(acquiring, "Nobody got the lock by polling");
  assertEquals(lock.released, false);
});

for (
  const [what, failure] of [["instance", "inotify_init1:error=EMFILE"], ["watch", "inotify_add_watch:error=ENOSPC"]]
) {
  claim(`a waiter gets the lock by polling where the kernel has no inotify ${what} left`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    const prefix = ["strace", "-qq", "-f", "-o", "/dev/null", "-e", `inject=${failure}`];
    await using waiter = new Child("waiter.ts", { args: [dir.path], prefix });
    assertEquals((await inTime(waiter.ask("acquire"))).event, "waiting");
    assertEquals((await waiter.ask("ask")).watches, 0);
    await holder.ask("release");
    assertEquals((await inTime(waiter.next())).event, "acquired");
  }, { needs: ["strace"] });
}

/** Wakes who watches the lockfile. */
function touch(dir: TempDir): void {
  Deno.openSync(dir.join(".handoff.lock"), { write: true }).close();
}

/** A machine on which no file can be watched. */
class NoWatching implements Disposable {
  readonly #watchFs = Deno.watchFs;

  constructor() {
    Deno.watchFs = () => {
      throw new Error("no inotify");
    };
  }

  [Symbol.dispose](): void {
    Deno.watchFs = this.#watchFs;
  }
}
