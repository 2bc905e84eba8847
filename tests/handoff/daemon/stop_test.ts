import { assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";
import { get, post } from "./support/http.ts";
import { expectType, TestSupervisor } from "./support/test_supervisor.ts";

const SIGTERM = 15;

claim("SIGTERM has a daemon answer what is in flight, close its state, give the lock back and end", async () => {
  using supervisor = new TestSupervisor();
  const pid = await supervisor.start();
  const slow = fetch(`${supervisor.url}/slow`, { headers: { connection: "close" } });
  await supervisor.entry("slow");
  supervisor.os.kill(pid, SIGTERM);
  assertEquals((await (await inTime(slow)).json()).pid, pid);
  assertEquals(await supervisor.exit(pid), { code: 0 });
  assertEquals((await supervisor.entry("resolved", pid)).outcome, "stopped");
  const heir = await supervisor.start();
  assertEquals((await get(supervisor.url)).pid, heir);
}, { needs: ["linux"] });

claim("a daemon that stops leaves its directory without a pidfile or a temporary file", async () => {
  using supervisor = new TestSupervisor();
  const pid = await supervisor.start();
  supervisor.os.kill(pid, SIGTERM);
  await supervisor.exit(pid);
  assertEquals(supervisor.dir.entries(supervisor.dataDir), [
    ".handoff.lock",
    ".handoff.sock",
    ".handoff.sock.fds",
    "lines",
  ]);
}, { needs: ["linux"] });

claim("SIGTERM during a handoff waits for its end: the incumbent is replaced all the same", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  expectType(await handoff.drain(), "Drained");
  supervisor.os.kill(old, SIGTERM);
  expectType(await handoff.seal(), "SealComplete");
  expectType(await handoff.begin(), "Ready");
  await handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals((await supervisor.entry("resolved", old)).outcome, "replaced");
}, { needs: ["linux"] });

claim("SIGTERM during a handoff that is rolled back stops the incumbent, and the lock is free", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await post(supervisor.url);
  supervisor.os.kill(old, SIGTERM);
  await handoff.abort();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals((await supervisor.entry("resolved", old)).outcome, "stopped");
  const heir = await supervisor.start();
  assertEquals(await get(supervisor.url), { pid: heir, lines: 1 });
}, { needs: ["linux"] });

claim("SIGTERM ends a successor that waits for Begin, and the incumbent notices nothing", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  supervisor.os.kill(handoff.successorPid, SIGTERM);
  assertEquals(await supervisor.exit(handoff.successorPid), { code: 0 });
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
}, { needs: ["linux"] });

claim("SIGTERM after Begin has the successor serve first, and stop then", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff({ blocks: { open: 2_000 } });
  expectType(await handoff.drain(), "Drained");
  expectType(await handoff.seal(), "SealComplete");
  await handoff.sendBegin();
  await supervisor.entry("open", handoff.successorPid);
  supervisor.os.kill(handoff.successorPid, SIGTERM);
  await supervisor.entry("serving", handoff.successorPid);
  await handoff.commit();
  assertEquals(await supervisor.exit(old), { code: 0 });
  assertEquals(await supervisor.exit(handoff.successorPid), { code: 0 });
  assertEquals((await supervisor.entry("resolved", handoff.successorPid)).outcome, "stopped");
}, { needs: ["linux"] });

claim("a daemon whose lockfile is replaced answers nothing more, and ends with LockLostError", async () => {
  using supervisor = new TestSupervisor();
  const pid = await supervisor.start({ fails: "seal" });
  Deno.removeSync(`${supervisor.dataDir}/.handoff.lock`);
  assertEquals(await supervisor.exit(pid), { code: 1 });
  assertEquals((await supervisor.entry("rejected", pid)).name, "LockLostError");
}, { needs: ["linux"] });
