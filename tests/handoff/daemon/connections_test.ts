import { assert, assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";
import { Clients } from "./support/clients.ts";
import { get } from "./support/http.ts";
import { RawSuccessor } from "./support/raw_successor.ts";
import { TestSupervisor } from "./support/test_supervisor.ts";

claim("more idle connections than one message can carry are all served by the successor", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using clients = await Clients.idle(supervisor.url, 300);
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  await supervisor.exit(old);
  const { count, left } = await supervisor.entry("connections-passed", old);
  assertEquals([count, left], [300, 0]);
  assertEquals(new Set(await inTime(clients.ask())), new Set([handoff.successorPid]));
}, { needs: ["linux"] });

claim(
  "a successor that may open few descriptors takes what it has room for and serves; what is left is closed and counted",
  async () => {
    using supervisor = new TestSupervisor();
    const old = await supervisor.start();
    using clients = await Clients.idle(supervisor.url, 200);
    using handoff = await supervisor.handoff({ limit: 64 });
    await handoff.untilReady();
    await handoff.commit();
    assertEquals(await supervisor.exit(old), { code: 0 });
    const { count, left } = await supervisor.entry("connections-passed", old);
    assertEquals(count + left, 200);
    assertEquals((await supervisor.entry("connections-adopted", handoff.successorPid)).count, count);
    assert(left > 0);
    const answers = await inTime(clients.ask());
    assertEquals(answers.filter((pid) => pid === handoff.successorPid).length, count);
    assertEquals(answers.filter((pid) => pid === undefined).length, left);
    assertEquals((await get(supervisor.url)).pid, handoff.successorPid);
  },
  { needs: ["linux"] },
);

claim("an idle connection of a listener that the successor does not name is closed, and counted", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using clients = await Clients.idle(supervisor.url, 2);
  await using successor = await RawSuccessor.start(supervisor);
  await successor.takeOver();
  const { message, count } = await successor.ask({ verb: "connections", names: ["other"], max: 253 });
  assertEquals([message.items, message.done, count], [[], true, 0]);
  await successor.handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
  const passed = await supervisor.entry("connections-passed", old);
  assertEquals([passed.count, passed.left], [0, 2]);
  assertEquals(await inTime(clients.ask()), [undefined, undefined]);
}, { needs: ["linux"] });

claim("of a batch that is cut short, the incumbent closes only what the successor has acknowledged", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using clients = await Clients.idle(supervisor.url, 6);
  await using successor = await RawSuccessor.start(supervisor);
  await successor.takeOver();
  const { message, count } = await successor.ask({ verb: "connections", names: ["http"], max: 4 });
  assertEquals([message.items.length, message.done, count], [4, false, 4]);
  const [first, second] = message.items as { id: number }[];
  await successor.say({ verb: "connections", adopted: [first.id, second.id] });
  const next = await successor.ask({ verb: "connections", names: ["http"], max: 4 });
  assertEquals([next.message.items.length, next.count], [2, 2]);
  await successor.killed();
  await successor.handoff.resume();
  await supervisor.entry("resumed", old);
  // Only the two that were acknowledged died with the successor.
  const answers = await inTime(clients.ask());
  assertEquals(answers.filter((pid) => pid === undefined).length, 2);
  assertEquals(answers.filter((pid) => pid === old).length, 4);
}, { needs: ["linux"] });

claim("an incumbent ends after Commit, although its successor serves and asks for no connection", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using clients = await Clients.idle(supervisor.url, 1);
  await using successor = await RawSuccessor.start(supervisor);
  await successor.takeOver();
  await successor.handoff.commit();
  // It waits for 5 s.
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals((await supervisor.entry("resolved", old)).outcome, "replaced");
  assertEquals(await inTime(clients.ask()), [undefined]);
}, { needs: ["linux"] });
