import { assertEquals } from "@std/assert";
import { inspectSync } from "../../../lock/inspect.ts";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { expectType, TestSupervisor } from "./support/test_supervisor.ts";

/** A process that waits for the lock of the supervisor's directory. */
async function standby({ dataDir }: TestSupervisor): Promise<Child> {
  const child = new Child("../handoff/daemon/programs/standby.ts", { args: [dataDir] });
  assertEquals((await child.next()).event, "waiting");
  return child;
}

claim("a standby is not let in by twenty handoffs that commit, and is when the last daemon has died", async () => {
  using supervisor = new TestSupervisor();
  let incumbent = await supervisor.start();
  await using waiting = await standby(supervisor);
  for (let swap = 0; swap < 20; swap++) {
    using handoff = await supervisor.handoff();
    await handoff.untilReady();
    await handoff.commit();
    assertEquals(await supervisor.exit(incumbent), { code: 0 });
    assertEquals((await supervisor.entry("lock-passed", incumbent)).to, handoff.successorPid);
    incumbent = handoff.successorPid;
  }
  assertEquals(inspectSync(supervisor.dataDir).holder?.pid, incumbent);
  await supervisor.killed(incumbent);
  assertEquals((await waiting.next()).event, "acquired");
}, { needs: ["linux"] });

claim("a standby is not let in by a rollback before the successor has asked for the lock", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  await using waiting = await standby(supervisor);
  for (const sealed of [false, true]) {
    using handoff = await supervisor.handoff();
    expectType(await handoff.drain(), "Drained");
    if (sealed) expectType(await handoff.seal(), "SealComplete");
    await handoff.abort();
    handoff[Symbol.dispose]();
    // It answers a session only when it has resumed.
    (await supervisor.session())[Symbol.dispose]();
    assertEquals(supervisor.entries.filter(({ type }) => type === "resumed").length, sealed ? 2 : 1);
  }
  assertEquals(inspectSync(supervisor.dataDir).holder?.pid, old);
  await supervisor.killed(old);
  assertEquals((await waiting.next()).event, "acquired");
}, { needs: ["linux"] });
