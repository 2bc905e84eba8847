import { assert, assertEquals } from "@std/assert";
import { inspectSync } from "../../../lock/inspect.ts";
import { claim } from "../../support/claim.ts";
import { get, post } from "./support/http.ts";
import { Load } from "./support/load.ts";
import { expectType, TestSupervisor } from "./support/test_supervisor.ts";

claim("a cold start serves on the listener that was handed in", async () => {
  using supervisor = new TestSupervisor();
  const pid = await supervisor.start();
  assertEquals(await get(supervisor.url), { pid, lines: 0 });
}, { needs: ["linux"] });

claim("a handoff moves the service to the successor, and the incumbent ends by itself", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals((await supervisor.entry("resolved", old)).outcome, "replaced");
  assertEquals(await get(supervisor.url), { pid: handoff.successorPid, lines: 0 });
}, { needs: ["linux"] });

claim("a successor accepts before it says Ready", async () => {
  using supervisor = new TestSupervisor();
  await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  const told = supervisor.entries.filter(({ pid }) => pid === handoff.successorPid).map(({ type }) => type);
  assertEquals(told.includes("serving"), true);
}, { needs: ["linux"] });

claim("an incumbent that was replaced leaves the control path to its successor", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  await supervisor.exit(old);
  (await supervisor.session())[Symbol.dispose]();
}, { needs: ["linux"] });

claim("five handoffs under load fail no request, and every acknowledged line is kept once, in order", async () => {
  using supervisor = new TestSupervisor();
  let incumbent = await supervisor.start();
  await using load = new Load(supervisor.url);
  await load.more(20);
  for (let swap = 0; swap < 5; swap++) {
    using handoff = await supervisor.handoff();
    await handoff.untilReady();
    await handoff.commit();
    assertEquals(await supervisor.exit(incumbent), { code: 0 });
    incumbent = handoff.successorPid;
    await load.more(20);
  }
  await load.end();
  assertEquals(load.failures, []);
  assertEquals(load.answers.map(({ id }) => id).toSorted((a, b) => a - b), load.answers.map((_, index) => index + 1));
  assertEquals(await get(supervisor.url), { pid: incumbent, lines: load.answers.length });
}, { needs: ["linux"] });

claim("the lock goes to the successor without a break: a standby that waits for it gets none", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  const standby = supervisor.spawn({ lockTimeout: 1e9, listen: { http: "127.0.0.1:0" } }, { env: {}, descriptors: [] });
  await supervisor.entry("waiting", standby);
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  await supervisor.exit(old);
  assertEquals((await supervisor.entry("lock-passed", old)).to, handoff.successorPid);
  assertEquals(await get(supervisor.url), { pid: handoff.successorPid, lines: 0 });
  await supervisor.killed(handoff.successorPid);
  await supervisor.entry("serving", standby);
}, { needs: ["linux"] });

claim("an incumbent whose successor was killed after Ready opens the state anew and serves again", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  assertEquals((await post(supervisor.url)).pid, handoff.successorPid);
  await handoff.abort();
  await supervisor.entry("resumed", old);
  assertEquals(await post(supervisor.url), { pid: old, id: 2 });
  const roles = supervisor.entries.filter(({ type, pid }) => type === "open" && pid === old).map(({ role }) => role);
  assertEquals(roles, ["cold-start", "resumed"]);
  const { held, holder } = inspectSync(supervisor.dataDir);
  assertEquals([held, holder?.pid], [true, old]);
}, { needs: ["linux"] });

claim("an incumbent that was drained only goes on with the state that it has", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  expectType(await handoff.drain(), "Drained");
  await handoff.abort();
  await supervisor.entry("resumed", old);
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
  assertEquals(supervisor.entries.filter(({ type, pid }) => type === "open" && pid === old).length, 1);
}, { needs: ["linux"] });

claim("after a handoff that was rolled back the next one commits", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  {
    using handoff = await supervisor.handoff();
    await handoff.untilReady();
    await handoff.abort();
    await supervisor.entry("resumed", old);
  }
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals(await get(supervisor.url), { pid: handoff.successorPid, lines: 0 });
}, { needs: ["linux"] });

claim("nothing of a handoff is left in the environment that the children of a daemon get", async () => {
  using supervisor = new TestSupervisor();
  await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  const opened = supervisor.entries.filter(({ type }) => type === "open");
  assertEquals(opened.map(({ role, env }) => [role, env]), [["cold-start", []], ["successor", []]]);
}, { needs: ["linux"] });

claim("an idle connection survives the handoff, and its next request is served by the successor", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using connection = await Deno.connect({ port: Number(new URL(supervisor.url).port), hostname: "127.0.0.1" });
  assert((await exchange(connection)).includes(`"pid":${old}`));
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  await supervisor.exit(old);
  assert((await exchange(connection)).includes(`"pid":${handoff.successorPid}`));
}, { needs: ["linux"] });

async function exchange(connection: Deno.Conn): Promise<string> {
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const answer = new Uint8Array(4096);
  const count = await connection.read(answer) ?? 0;
  return new TextDecoder().decode(answer.subarray(0, count));
}
