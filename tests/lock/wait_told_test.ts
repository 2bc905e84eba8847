import { assertEquals, assertRejects } from "@std/assert";
import { type AcquireOptions, DataDirLock, type Holder } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { FakeTimers } from "../support/fake_timers.ts";
import { deadPid } from "../support/dead_pid.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { eventually, inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Each of them alive, and none of them asked for anything. */
const SOMEBODY: Holder = { pid: 1, liveness: "alive", self: false };
const SOMEBODY_ELSE: Holder = { pid: Deno.ppid, liveness: "alive", self: false };

const MANY = 20;

claim("onWait is called once for as long as the same process holds the lock", async () => {
  using dir = new TempDir();
  using wait = new Wait(dir, SOMEBODY);
  await wait.aWhile();
  assertEquals(wait.told, [SOMEBODY]);
  await wait.end();
});

claim("onWait is called again when another process has taken the lock, between two looks", async () => {
  using dir = new TempDir();
  await using first = new Child("holder.ts", { args: [dir.path] });
  await using second = new Child("holder.ts", { args: [dir.path] });
  await using waiter = new Child("waiter.ts", { args: [dir.path] });
  await first.ask("acquire");
  assertEquals((await waiter.ask("acquire")).holder.pid, first.pid);
  waiter.kill("SIGSTOP");
  await first.ask("release");
  await second.ask("acquire");
  waiter.kill("SIGCONT");
  const { event, holder } = await inTime(waiter.next());
  assertEquals([event, holder], ["waiting", { pid: second.pid, liveness: "alive", self: false }]);
});

claim("onWait is called for each new holder, once", async () => {
  using dir = new TempDir();
  using wait = new Wait(dir, SOMEBODY);
  await wait.aWhile();
  wait.name(SOMEBODY_ELSE);
  await wait.aWhile();
  assertEquals(wait.told, [SOMEBODY, SOMEBODY_ELSE]);
  await wait.end();
});

claim("onWait is called again when a holder that was unknown names itself", async () => {
  using dir = new TempDir();
  using wait = new Wait(dir);
  await wait.aWhile();
  wait.name(SOMEBODY);
  await wait.aWhile();
  assertEquals(wait.told, [{ liveness: "unknown", self: false }, SOMEBODY]);
  await wait.end();
});

claim("onWait is not called because the pidfile is gone", async () => {
  using dir = new TempDir();
  using wait = new Wait(dir, SOMEBODY);
  await wait.aWhile();
  Deno.removeSync(dir.join(".handoff.pidfile"));
  await wait.aWhile();
  assertEquals(wait.told, [SOMEBODY]);
  await wait.end();
});

claim("acquireOrBreakStale() does not call onStale for a holder that is alive, however often it looks", async () => {
  using dir = new TempDir();
  const stale: Holder[] = [];
  using wait = new Wait(dir, SOMEBODY, { onStale: (holder) => void stale.push(holder) });
  await wait.aWhile();
  assertEquals(stale, []);
  await wait.end();
});

claim("acquireOrBreakStale() calls onStale once, however often it tries", async () => {
  using dir = new TempDir();
  const dead: Holder = { pid: await deadPid(), liveness: "dead", self: false };
  const stale: Holder[] = [];
  using wait = new Wait(dir, dead, { onStale: (holder) => void stale.push(holder) });
  await wait.aWhile();
  assertEquals(stale, [dead]);
  await wait.end();
});

for (const callback of ["onWait", "onStale"] as const) {
  claim(`an ${callback} that throws ends the waiting, and leaves nothing held`, async () => {
    using dir = new TempDir();
    const holder = new ForeignHolder(dir.path);
    const error = new RangeError("no more");
    const acquiring = DataDirLock.acquireOrBreakStale(dir.path, {
      timeout: Infinity,
      onStale: () => {},
      [callback]: () => {
        holder[Symbol.dispose]();
        throw error;
      },
    });
    assertEquals(await assertRejects(() => inTime(acquiring)) === error, true);
    assertEquals(isFree(dir.path), true);
    assertEquals(dir.entries(), [".handoff.lock"]);
  });
}

claim("an onWait that throws at the second holder ends the waiting, and leaves nothing held", async () => {
  using dir = new TempDir();
  const onWait = ({ pid }: Holder) => {
    if (pid === SOMEBODY_ELSE.pid) throw new RangeError("not for that one");
  };
  using wait = new Wait(dir, SOMEBODY, { onWait });
  wait.name(SOMEBODY_ELSE);
  await assertRejects(() => inTime(wait.acquiring), RangeError, "not for that one");
  wait.releaseHolder();
  assertEquals(isFree(dir.path), true);
});

/** An acquire that waits for a foreign program, and looks at it again and again in no time. */
class Wait implements Disposable {
  readonly told: Holder[] = [];
  readonly #dir: TempDir;
  readonly acquiring: Promise<DataDirLock>;
  readonly #clock = new FakeTimers("end at once");
  readonly #holder = new DisposableStack();

  constructor(dir: TempDir, holder?: Holder, options: AcquireOptions = {}) {
    this.#dir = dir;
    if (holder !== undefined) this.name(holder);
    this.#holder.use(new ForeignHolder(dir.path));
    const onWait = (holder: Holder) => void this.told.push(holder);
    this.acquiring = DataDirLock.acquireOrBreakStale(dir.path, {
      timeout: Infinity,
      onStale: () => {},
      onWait,
      ...options,
    });
  }

  /** Names another holder. */
  name({ pid }: Holder): void {
    Deno.writeTextFileSync(this.#dir.join(".handoff.pidfile"), `${pid}\n`);
  }

  /** Until the acquire has looked many times more. */
  async aWhile(): Promise<void> {
    const before = this.#clock.pauses;
    await eventually(() => {
      if (this.#clock.pauses < before + MANY) throw new Error("Nobody looks any more");
    });
  }

  releaseHolder(): void {
    this.#holder.dispose();
  }

  async end(): Promise<void> {
    this.releaseHolder();
    using _lock = await inTime(this.acquiring);
  }

  [Symbol.dispose](): void {
    this.releaseHolder();
    this.#clock[Symbol.dispose]();
  }
}
