import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type AcquireOptions,
  DataDirLock,
  type Holder,
  LockHeldError,
  StaleLockBreakRefusedError,
} from "@scope/handoff";
import { claim } from "../support/claim.ts";
import { FakeTimers } from "../support/fake_timers.ts";
import { deadPid } from "../support/dead_pid.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Milliseconds: enough for several looks. */
const SHORT = 30;

/** Milliseconds: of which the last pause must be cut. */
const LONG = 10_007;

const FORMS = ["acquire", "acquireOrBreakStale"] as const;

for (const form of FORMS) {
  for (const [who, pidfile] of Object.entries({ alive: "1\n", dead: `${await deadPid()}\n`, unknown: undefined })) {
    claim(`${form}() rejects when the time is up as if it had not waited, for a holder that is ${who}`, async () => {
      using dir = new TempDir();
      using _holder = new ForeignHolder(dir.path, { pidfile });
      const atOnce = await refusal(form, dir, {});
      const timedOut = await refusal(form, dir, { timeout: SHORT });
      assertEquals(atOnce.waitedMs, 0);
      assertEquals(atOnce.holder.liveness, who);
      assert(timedOut.waitedMs >= SHORT);
      assertEquals(timedOut.constructor, atOnce.constructor);
      assertEquals({ ...timedOut, waitedMs: 0 }, { ...atOnce });
      assertEquals(timedOut.message.replace(`after waiting ${timedOut.waitedMs} ms `, ""), atOnce.message);
    });
  }

  claim(`the error says how long ${form}() has waited`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path);
    const { message, waitedMs } = await refusal(form, dir, { timeout: SHORT });
    assert(message.includes(`"${dir.path}": after waiting ${waitedMs} ms it is held`), message);
  });

  claim(`${form}() gives up as soon as the time is up, and not before`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
    using _time = new PausesOnly();
    const { waitedMs } = await refusal(form, dir, { timeout: LONG });
    assertEquals(waitedMs, LONG);
  });

  claim(`${form}() looks ten times a second where nothing may tell that an unknown holder has ended`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path);
    using time = new PausesOnly();
    await refusal(form, dir, { timeout: LONG });
    assert(time.pauses >= LONG / 100, `${time.pauses} pauses`);
  });

  for (const timeout of [undefined, 0]) {
    claim(`${form}() with a timeout of ${timeout} never waits`, async () => {
      using dir = new TempDir();
      using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
      using clock = new FakeTimers("end at once");
      const told: Holder[] = [];
      const { waitedMs } = await refusal(form, dir, { timeout, onWait: (holder) => void told.push(holder) });
      assertEquals(waitedMs, 0);
      assertEquals(told, []);
      assertEquals(clock.pauses, 0);
    });
  }

  for (const timeout of [NaN, -1, -Infinity]) {
    claim(`${form}() rejects a timeout of ${timeout} with a RangeError, before it touches the disk`, async () => {
      using dir = new TempDir();
      const error = await assertRejects(() => DataDirLock[form](dir.join("data"), { timeout }), RangeError);
      assertEquals(error.message, `options.timeout must be 0 or more milliseconds: ${timeout}`);
      assertEquals(dir.entries(), []);
    });
  }

  for (const timeout of ["1000", null, true, 1000n]) {
    claim(`${form}() rejects a timeout that is the ${typeof timeout} ${timeout} with a TypeError`, async () => {
      using dir = new TempDir();
      const options = { timeout: timeout as never };
      const error = await assertRejects(() => DataDirLock[form](dir.join("data"), options), TypeError);
      assertEquals(error.message, `options.timeout is not a number: ${timeout}`);
      assertEquals(dir.entries(), []);
    });
  }

  const formSync = `${form}Sync` as const;
  claim(`${formSync}() knows no waiting, whatever else it is given`, () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: "1\n" });
    const told: Holder[] = [];
    for (const timeout of [Infinity, NaN, "soon"]) {
      const options = { timeout, signal: AbortSignal.abort(), onWait: (holder: Holder) => void told.push(holder) };
      const { waitedMs } = assertThrows(() => DataDirLock[formSync](dir.path, options as never), LockHeldError);
      assertEquals(waitedMs, 0);
    }
    assertEquals(told, []);
  });
}

async function refusal(form: typeof FORMS[number], dir: TempDir, options: AcquireOptions): Promise<LockHeldError> {
  const type = form === "acquire" ? LockHeldError : StaleLockBreakRefusedError;
  return await assertRejects(() => DataDirLock[form](dir.path, { onStale: () => {}, ...options }), type);
}

/** A time in which nothing passes but the pauses of who waits, and these at once. */
class PausesOnly implements Disposable {
  readonly #timers = new FakeTimers("end at once");

  constructor() {
    Object.defineProperty(performance, "now", { value: () => this.#timers.paused, configurable: true });
  }

  get pauses(): number {
    return this.#timers.pauses;
  }

  [Symbol.dispose](): void {
    Reflect.deleteProperty(performance, "now");
    this.#timers[Symbol.dispose]();
  }
}
