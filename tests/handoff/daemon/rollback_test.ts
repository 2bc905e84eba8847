import { assert, assertEquals } from "@std/assert";
import type { ControlChannel } from "../../../handoff/control_channel.ts";
import { SILENCE_MS } from "../../../handoff/timeouts.ts";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";
import { get, post } from "./support/http.ts";
import { expectType, TestSupervisor } from "./support/test_supervisor.ts";

claim(
  "an incumbent whose drain throws says so when it serves again with the same state, and ends the session",
  async () => {
    using supervisor = new TestSupervisor();
    const old = await supervisor.start({ fails: "drain" });
    using handoff = await supervisor.handoff();
    assertEquals(expectType(await handoff.drain(), "SealFailed").error, "drain was told to fail");
    assertEquals(await post(supervisor.url), { pid: old, id: 1 });
    assertEquals(await inTime(handoff.incumbent.receive()), undefined);
    assertEquals(supervisor.entries.filter(({ type, pid }) => type === "open" && pid === old).length, 1);
    await commits(supervisor, old);
  },
  { needs: ["linux"] },
);

claim("an incumbent whose seal throws says so when it serves again with the state opened anew", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start({ fails: "seal" });
  using handoff = await supervisor.handoff();
  expectType(await handoff.drain(), "Drained");
  assertEquals(expectType(await handoff.seal(), "SealFailed").error, "seal was told to fail");
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
  const roles = supervisor.entries.filter(({ type, pid }) => type === "open" && pid === old).map(({ role }) => role);
  assertEquals(roles, ["cold-start", "resumed"]);
  handoff[Symbol.dispose]();
  await commits(supervisor, old);
}, { needs: ["linux"] });

claim(
  "a handler that does not end fails the drain by name, though another handoff is forced, and the incumbent serves on",
  async () => {
    using supervisor = new TestSupervisor();
    const old = await supervisor.start();
    const stuck = new AbortController();
    const answer = fetch(`${supervisor.url}/stuck`, { signal: stuck.signal }).catch(() => {});
    await supervisor.entry("stuck");
    using handoff = await supervisor.handoff();
    await supervisor.force(crypto.randomUUID());
    const { error } = expectType(await handoff.drain({ drainGraceMs: 300n }), "SealFailed");
    assert(/GET \/stuck \(for \d+ ms\)/.test(error), error);
    assertEquals(await post(supervisor.url), { pid: old, id: 1 });
    stuck.abort();
    await answer;
  },
  { needs: ["linux"] },
);

claim("a handler that does not end is left behind, by name, in a handoff that the supervisor forces", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  const answer = post(`${supervisor.url}/stuck`).then(() => "answered", () => "cut");
  await supervisor.entry("stuck");
  using handoff = await supervisor.handoff();
  await supervisor.force(handoff.handoffId);
  expectType(await handoff.drain({ drainGraceMs: 300n }), "Drained");
  assertEquals(await inTime(answer), "cut");
  const { forced, cut } = await supervisor.entry("drained", old);
  assertEquals([cut, forced.map(({ path }: { path: string }) => path)], [[], ["/stuck"]]);
  expectType(await handoff.seal(), "SealComplete");
  expectType(await handoff.begin(), "Ready");
  await handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
}, { needs: ["linux"] });

claim("a successor whose open throws gives the lock back, and the incumbent serves again", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff({ fails: "successor" });
  expectType(await handoff.drain(), "Drained");
  expectType(await handoff.seal(), "SealComplete");
  await handoff.sendBegin();
  assertEquals(await supervisor.exit(handoff.successorPid), { code: 1 });
  assertEquals((await supervisor.entry("rejected")).message, "successor was told to fail");
  await handoff.resume();
  await supervisor.entry("resumed", old);
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
}, { needs: ["linux"] });

for (const conduct of [{ unhealthy: true }, { behind: 1 }]) {
  claim(
    `a successor that is ${
      "behind" in conduct ? "older than what was sealed" : "unhealthy"
    } says so, and accepts nothing`,
    async () => {
      using supervisor = new TestSupervisor();
      const old = await supervisor.start();
      await post(supervisor.url);
      using handoff = await supervisor.handoff(conduct);
      const ready = await handoff.untilReady();
      assertEquals(ready.healthzOk, false);
      const waiting = post(supervisor.url);
      await handoff.successor.send({ type: "Abort", handoffId: handoff.handoffId, reason: "unhealthy" });
      assertEquals(await supervisor.exit(handoff.successorPid), { code: 0 });
      await handoff.resume();
      assertEquals(await inTime(waiting), { pid: old, id: 2 });
    },
    { needs: ["linux"] },
  );
}

claim("an incumbent that cannot open its state again releases the lock, and ends with the error", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start({ fails: "resumed" });
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.abort();
  assertEquals(await supervisor.exit(old), { code: 1 });
  assertEquals((await supervisor.entry("rejected", old)).message, "resumed was told to fail");
  const heir = await supervisor.start();
  assertEquals(await get(supervisor.url), { pid: heir, lines: 0 });
}, { needs: ["linux"] });

claim("a seal and an open that block their event loops for longer than a peer may be silent are heard", async () => {
  using supervisor = new TestSupervisor();
  await supervisor.start({ blocks: { seal: SILENCE_MS + 1_000 } });
  using handoff = await supervisor.handoff({ blocks: { open: SILENCE_MS + 1_000 } });
  expectType(await handoff.drain(), "Drained");
  await handoff.incumbent.send({ type: "SealRequest", handoffId: handoff.handoffId });
  assertEquals(await heard(handoff.incumbent), ["Heartbeat", "SealComplete"]);
  await handoff.sendBegin();
  assertEquals(await heard(handoff.successor), ["Heartbeat", "Ready"]);
}, { needs: ["linux"] });

/** What kinds of messages come up to one that is no heartbeat. Rejects when the peer is silent for too long. */
async function heard(channel: ControlChannel): Promise<string[]> {
  for (const types = new Set<string>();;) {
    const message = await channel.receive({ silence: SILENCE_MS });
    types.add(message?.type ?? "the end");
    if (message?.type !== "Heartbeat") return [...types];
  }
}

async function commits(supervisor: TestSupervisor, old: number): Promise<void> {
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
}
