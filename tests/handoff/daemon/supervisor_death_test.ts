import { assert, assertEquals } from "@std/assert";
import { RELOCK_MS } from "../../../handoff/timeouts.ts";
import { HeldLock } from "../../../lock/held_lock.ts";
import { claim } from "../../support/claim.ts";
import { eventually } from "../../support/patience.ts";
import { get, post } from "./support/http.ts";
import { expectType, type Handoff, TestSupervisor } from "./support/test_supervisor.ts";

/** How far a handoff goes before the supervisor dies, and how the successor ends then. */
const BEFORE_BEGIN: Record<string, (handoff: Handoff) => Promise<void>> = {
  "before PrepareHandoff": () => Promise.resolve(),
  "after Drained": async (handoff) => {
    expectType(await handoff.drain(), "Drained");
  },
  "after SealComplete": async (handoff) => {
    expectType(await handoff.drain(), "Drained");
    expectType(await handoff.seal(), "SealComplete");
  },
};

for (const [when, reach] of Object.entries(BEFORE_BEGIN)) {
  claim(`a supervisor that dies ${when} leaves the incumbent serving, and the successor ends`, async () => {
    using supervisor = new TestSupervisor();
    const old = await supervisor.start();
    using handoff = await supervisor.handoff();
    await reach(handoff);
    handoff[Symbol.dispose]();
    assertEquals(await supervisor.exit(handoff.successorPid), { code: 0 });
    await supervisor.entry("dismissed", handoff.successorPid);
    assertEquals(await post(supervisor.url), { pid: old, id: 1 });
  }, { needs: ["linux"] });
}

claim("a supervisor that dies after Begin leaves a successor that opens, serves, and is an incumbent", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  await post(supervisor.url);
  using handoff = await supervisor.handoff({ blocks: { open: 3_000 } });
  expectType(await handoff.drain(), "Drained");
  expectType(await handoff.seal(), "SealComplete");
  await handoff.sendBegin();
  await supervisor.entry("lock-passed", old);
  handoff[Symbol.dispose]();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals((await supervisor.entry("resolved", old)).outcome, "replaced");
  assertEquals(await get(supervisor.url), { pid: handoff.successorPid, lines: 1 });
  using next = await supervisor.handoff();
  await next.untilReady();
  await next.commit();
  assertEquals(await supervisor.exit(handoff.successorPid), { code: 0 });
}, { needs: ["linux"] });

claim("a supervisor and a successor that die after Begin leave the incumbent serving", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff({ blocks: { open: 60_000 } });
  expectType(await handoff.drain(), "Drained");
  expectType(await handoff.seal(), "SealComplete");
  await handoff.sendBegin();
  await supervisor.entry("lock-passed", old);
  handoff[Symbol.dispose]();
  await supervisor.killed(handoff.successorPid);
  await supervisor.entry("resumed", old);
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
}, { needs: ["linux"] });

claim("a successor and a supervisor that die after Ready leave the incumbent serving", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  assertEquals((await post(supervisor.url)).pid, handoff.successorPid);
  await supervisor.killed(handoff.successorPid);
  handoff[Symbol.dispose]();
  await supervisor.entry("resumed", old);
  assertEquals(await post(supervisor.url), { pid: old, id: 2 });
}, { needs: ["linux"] });

claim("a supervisor that dies after Ready leaves the successor serving, and the incumbent ends", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  handoff[Symbol.dispose]();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals(await get(supervisor.url), { pid: handoff.successorPid, lines: 0 });
}, { needs: ["linux"] });

claim("an incumbent without a transfer peer, whose supervisor dies after the seal, takes its lock again", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff({ plain: true });
  expectType(await handoff.drain(), "Drained");
  expectType(await handoff.seal(), "SealComplete");
  handoff[Symbol.dispose]();
  await supervisor.entry("resumed", old);
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
}, { needs: ["linux"] });

claim(
  "an incumbent without a transfer peer, whose supervisor dies after Ready, ends for the successor that serves",
  async () => {
    using supervisor = new TestSupervisor();
    const old = await supervisor.start();
    using handoff = await supervisor.handoff({ plain: true });
    await handoff.untilReady();
    handoff[Symbol.dispose]();
    assertEquals(await supervisor.exit(old), { code: 0 });
    assertEquals((await supervisor.entry("resolved", old)).outcome, "replaced");
    assertEquals(await get(supervisor.url), { pid: handoff.successorPid, lines: 0 });
  },
  { needs: ["linux"] },
);

claim(
  "an incumbent without a transfer peer, whose supervisor is dead, waits for an open that takes longer than 2 s",
  async () => {
    using supervisor = new TestSupervisor();
    const old = await supervisor.start();
    using handoff = await supervisor.handoff({ plain: true, blocks: { open: RELOCK_MS + 1_000 } });
    expectType(await handoff.drain(), "Drained");
    expectType(await handoff.seal(), "SealComplete");
    await handoff.sendBegin();
    await supervisor.entry("open", handoff.successorPid);
    handoff[Symbol.dispose]();
    assertEquals(await supervisor.exit(old), { code: 0 });
    assertEquals((await supervisor.entry("resolved", old)).outcome, "replaced");
  },
  { needs: ["linux"] },
);

claim("an incumbent whose lock is held when it is to serve again tries more than once", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff({ plain: true });
  expectType(await handoff.drain(), "Drained");
  expectType(await handoff.seal(), "SealComplete");
  const lock = await HeldLock.acquire(supervisor.dataDir);
  await handoff.resume();
  await eventually(() => assert(hasOpen(old, `${supervisor.dataDir}/.handoff.lock`) || hasEnded(supervisor, old)));
  await lock.release();
  await eventually(() => assert(hasEnded(supervisor, old) || hasResumed(supervisor, old)));
  assertEquals(supervisor.entries.filter(({ type }) => type === "rejected").map(({ name }) => name), []);
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
}, { needs: ["linux"] });

function hasEnded({ entries }: TestSupervisor, pid: number): boolean {
  return entries.some((entry) => entry.pid === pid && entry.type === "rejected");
}

function hasResumed({ entries }: TestSupervisor, pid: number): boolean {
  return entries.some((entry) => entry.pid === pid && entry.type === "resumed");
}

function hasOpen(pid: number, path: string): boolean {
  const { ino } = Deno.statSync(path);
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].some(({ name }) => {
    try {
      return Deno.statSync(`/proc/${pid}/fd/${name}`).ino === ino;
    } catch {
      return false; // closed meanwhile
    }
  });
}

claim("a handoff without a transfer peer commits by the plain protocol", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff({ plain: true });
  await handoff.untilReady();
  await handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals(await get(supervisor.url), { pid: handoff.successorPid, lines: 0 });
}, { needs: ["linux"] });
