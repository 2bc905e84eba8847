import { assertEquals } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { eventually } from "../../support/patience.ts";
import { next, TestSupervisor } from "./support/test_supervisor.ts";

/**
 * Asks the daemon to start a child, and holds that it has no descriptor beside its standard streams and no variable of a
 * handoff: once it has run exec, which closes what is close-on-exec a moment after the daemon has its pid.
 */
async function assertNothingInherited(supervisor: TestSupervisor): Promise<{ daemon: number }> {
  const answer = await fetch(`${supervisor.url}/spawn`, { headers: { connection: "close" } });
  const { pid, child } = await answer.json();
  try {
    await eventually(() => assertEquals(inherited(child), []));
  } finally {
    supervisor.os.kill(child, 9);
  }
  return { daemon: pid };
}

function inherited(child: number): string[] {
  const command = Deno.readTextFileSync(`/proc/${child}/cmdline`);
  if (!/^[^\0]*sleep\0/.test(command)) return [`it runs ${command}`];
  const descriptors = [...Deno.readDirSync(`/proc/${child}/fd`)].map(({ name }) => name);
  const variables = Deno.readTextFileSync(`/proc/${child}/environ`).split("\0");
  return [
    ...descriptors.filter((fd) => Number(fd) > 2),
    ...variables.filter((name) => /^(LISTEN|HANDOFF)_/.test(name)),
  ];
}

claim("a child of a daemon inherits no descriptor and no variable of a handoff, before and after it", async () => {
  using supervisor = new TestSupervisor();
  const old = await supervisor.start();
  assertEquals(await assertNothingInherited(supervisor), { daemon: old });
  using handoff = await supervisor.handoff();
  await handoff.untilReady();
  await handoff.commit();
  await supervisor.exit(old);
  assertEquals(await assertNothingInherited(supervisor), { daemon: handoff.successorPid });
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
