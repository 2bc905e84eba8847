import { assertEquals } from "@std/assert";
import { ControlChannel } from "../../../handoff/control_channel.ts";
import { connectSocketFile } from "../../../handoff/socket_file.ts";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";
import { get, post } from "./support/http.ts";
import { expectType, TestSupervisor } from "./support/test_supervisor.ts";

claim("a session that breaks the protocol is closed, and the daemon serves on and takes the next one", async () => {
  using supervisor = new TestSupervisor();
  const pid = await supervisor.start();
  const { os } = supervisor;
  for (const garbage of [[0, 0, 0, 0, 0, 0], [255, 255, 255, 255, 0, 0], [3, 0, 0, 0, 1, 0, 99], [20, 0, 0, 0, 1]]) {
    using channel = await supervisor.session();
    os.send(channel.fd, new Uint8Array(garbage));
    if (garbage.length === 5) continue;
    await inTime(channel.receive().catch(() => {}));
  }
  (await supervisor.session())[Symbol.dispose]();
  assertEquals((await get(supervisor.url)).pid, pid);
}, { needs: ["linux"] });

const ILLEGAL = {
  "SealRequest before PrepareHandoff": { type: "SealRequest", handoffId: crypto.randomUUID() },
  "Commit before SealRequest": { type: "Commit", handoffId: crypto.randomUUID() },
  "ResumeAfterAbort of nothing": { type: "ResumeAfterAbort", handoffId: crypto.randomUUID() },
  "Ready from a supervisor": {
    type: "Ready",
    handoffId: crypto.randomUUID(),
    listeningOn: [],
    healthzOk: true,
    advertisedRevisionPerShard: [],
  },
} as const;

for (const [what, message] of Object.entries(ILLEGAL)) {
  claim(`${what} ends the session, and nothing else`, async () => {
    using supervisor = new TestSupervisor();
    const pid = await supervisor.start();
    using channel = await supervisor.session();
    await channel.send({ type: "HelloAck", protoVersionChosen: 1, handoffId: crypto.randomUUID() });
    await channel.send(message);
    assertEquals(await inTime(channel.receive()), undefined);
    await supervisor.entry("session-failed", pid);
    assertEquals(await post(supervisor.url), { pid, id: 1 });
  }, { needs: ["linux"] });
}

claim("SealRequest of another handoff has the drained incumbent serve again", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using handoff = await supervisor.handoff();
  expectType(await handoff.drain(), "Drained");
  await handoff.incumbent.send({ type: "SealRequest", handoffId: crypto.randomUUID() });
  assertEquals(await inTime(handoff.incumbent.receive()), undefined);
  await supervisor.entry("resumed", old);
  assertEquals(await post(supervisor.url), { pid: old, id: 1 });
}, { needs: ["linux"] });

claim("a peer of the transfer socket that is not the successor gets no lock and no connection", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  using stranger = await supervisor.transfer();
  using handoff = await supervisor.handoff();
  expectType(await handoff.drain(), "Drained");
  expectType(await handoff.seal(), "SealComplete");
  const { handoffId } = handoff;
  await stranger.send({ verb: "lock", handoffId });
  using lock = (await inTime(stranger.receiveReply()))?.descriptors;
  assertEquals(lock?.length, 0);
  await stranger.send({ verb: "connections", names: ["http"], max: 10 });
  assertEquals((await inTime(stranger.receiveReply()))?.message, {
    verb: "connections",
    items: [],
    done: true,
    descriptors: 0,
  });
  await handoff.abort();
  await supervisor.entry("resumed", old);
}, { needs: ["linux"] });

claim("a supervisor gets copies of the listeners, and is told how the daemon it watches ends", async () => {
  using supervisor = new TestSupervisor();
  const pid = await supervisor.start();
  using channel = await supervisor.transfer();
  await channel.send({ verb: "listeners" });
  const listeners = await inTime(channel.receiveReply());
  using descriptors = listeners?.descriptors;
  assertEquals(listeners?.message, { verb: "listeners", names: ["http"] });
  const copy = descriptors!.take(0)!;
  assertEquals(supervisor.os.socketName(copy), supervisor.os.socketName(supervisor.listener));
  supervisor.os.close(copy);
  await channel.send({ verb: "watch" });
  assertEquals((await inTime(channel.receiveReply()))?.message, {
    verb: "watch",
    ok: true,
    pid,
    buildId: "test",
    dataDir: supervisor.dataDir,
  });
  supervisor.os.kill(pid, 15);
  assertEquals((await inTime(channel.receiveReply()))?.message, { verb: "stopping", code: 0, reason: "SIGTERM" });
}, { needs: ["linux"] });

claim("a second session waits without a Hello until the first one has ended", async () => {
  using supervisor = new TestSupervisor();
  await supervisor.start();
  const first = await supervisor.session();
  await first.send({ type: "HelloAck", protoVersionChosen: 1, handoffId: crypto.randomUUID() });
  await first.send({ type: "Heartbeat", tsMs: 0n });
  expectType((await inTime(first.receive()))!, "Heartbeat");
  using second = new ControlChannel(supervisor.os, await connectSocketFile(supervisor.os, supervisor.controlSocket));
  assertEquals(supervisor.os.receive(second.fd, new Uint8Array(1)), undefined);
  first[Symbol.dispose]();
  expectType((await inTime(second.receive()))!, "Hello");
}, { needs: ["linux"] });
