import { assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { next, TestSupervisor } from "./support/test_supervisor.ts";

/** What a child of the daemon at `url` has beside its standard streams: descriptors, and variables of a handoff. */
async function childOf(supervisor: TestSupervisor): Promise<{ daemon: number; has: readonly string[] }> {
  const answer = await fetch(`${supervisor.url}/spawn`, { headers: { connection: "close" } });
  const { pid, child } = await answer.json();
  try {
    const descriptors = [...Deno.readDirSync(`/proc/${child}/fd`)].map(({ name }) => name).filter((fd) =>
      Number(fd) > 2
    );
    const variables = Deno.readTextFileSync(`/proc/${child}/environ`).split("\0");
    return { daemon: pid, has: [...descriptors, ...variables.filter((name) => /^(LISTEN|HANDOFF)_/.test(name))] };
  } finally {
    supervisor.os.kill(child, 9);
  }
}

claim("a child of a daemon inherits no descriptor and no variable of a handoff, before and after it", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  assertEquals(await childOf(supervisor), { daemon: old, has: [] });
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  await supervisor.exit(old);
  assertEquals(await childOf(supervisor), { daemon: handoff.successorPid, has: [] });
}, { needs: ["linux"] });

claim("a successor writes its standard error to where HANDOFF_STDERR_FD leads from Ready on", async () => {
  using supervisor = new TestSupervisor();
  const { os } = supervisor;
  const [first, firstEnd] = os.socketPair();
  const [then, thenEnd] = os.socketPair();
  const { channel, pid } = await supervisor.successor({}, undefined, { first: firstEnd, then: thenEnd });
  os.close(firstEnd);
  os.close(thenEnd);
  const before = Deno.readLinkSync(`/proc/${pid}/fd/2`);
  const wanted = Deno.readLinkSync(`/proc/${pid}/fd/5`);
  const handoffId = crypto.randomUUID();
  await channel.send({ type: "HelloAck", protoVersionChosen: 1, handoffId });
  await channel.send({ type: "Begin", handoffId });
  assertEquals((await next(channel)).type, "Ready");
  assertEquals(Deno.readLinkSync(`/proc/${pid}/fd/2`), wanted);
  assertEquals(wanted === before, false);
  channel[Symbol.dispose]();
  os.close(first);
  os.close(then);
}, { needs: ["linux"] });
