import { assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { expectType, TestSupervisor } from "./support/test_supervisor.ts";

claim("a cold start serves on the listener that was handed in", async () => {
  using supervisor = new TestSupervisor();
  const pid = await supervisor.start();
  assertEquals(await (await fetch(supervisor.url)).json(), { pid, lines: 0 });
}, { needs: ["linux"] });

claim("a handoff moves the lock and the service to the successor, and the incumbent ends", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  await (await fetch(supervisor.url, { method: "POST", body: "one" })).body?.cancel();
  using handoff = await supervisor.handoff();
  expectType(await handoff.untilReady(), "Ready");
  await handoff.commit();
  assertEquals((await supervisor.entry("resolved", old)).outcome, "replaced");
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals(await (await fetch(supervisor.url)).json(), { pid: handoff.successorPid, lines: 1 });
}, { needs: ["linux"] });
