import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { Deployment } from "../../support/deployment.ts";
import { killIfAlive } from "../../support/detached.ts";
import { until } from "../../support/patience.ts";
import { Stranger } from "../../support/stranger.ts";

claim(
  "a stranger that gets the lock between two daemons without a transfer keeps it: exit 3, until it is gone",
  async () => {
    await using deployment = await Deployment.start({ proxied: true });
    await using clients = deployment.clients();
    await clients.more();
    Deno.removeSync(`${deployment.dataDir}/daemon.sock.fds`);
    await using proxy = deployment.proxy();
    const stop = proxy.stop("SealComplete");
    const upgrade = deployment.upgrade();
    await stop.reached();
    {
      await using stranger = await Stranger.start(deployment.dataDir);
      assertEquals(stranger.hasIt, true);
      stop.pass();
      await keepsIt(deployment, stranger, await upgrade);
    }
    await servesAgain(deployment);
    await clients.more();
    await deployment.assertAllKept();
    clients.assertNoneRefused();
  },
  { needs: ["linux", "flock"] },
);

claim("a stranger that gets the lock of a dead successor keeps it: exit 3, and the supervisor waits", async () => {
  await using deployment = await Deployment.start();
  const incumbent = await deployment.pid();
  await using clients = deployment.clients();
  await clients.more();
  {
    using hold = deployment.hold("open-successor");
    const upgrade = deployment.upgrade();
    const successor = await hold.reached();
    await using stranger = await Stranger.start(deployment.dataDir);
    killIfAlive(incumbent, "SIGSTOP");
    killIfAlive(successor, "SIGKILL");
    await until(() => stranger.hasIt, "the stranger gets the lock");
    killIfAlive(incumbent, "SIGCONT");
    await keepsIt(deployment, stranger, await upgrade);
  }
  await servesAgain(deployment);
  await clients.more();
  await deployment.assertAllKept();
  clients.assertNoneRefused();
}, { needs: ["linux", "flock"] });

async function keepsIt(
  deployment: Deployment,
  stranger: Stranger,
  { code, stderr }: { readonly code: number; readonly stderr: string },
): Promise<void> {
  assertMatch(stderr, /nobody serves/);
  assertEquals(code, 3);
  await deployment.logged("waiting-for-the-lock");
  assertEquals([stranger.hasIt, deployment.livingDaemons()], [true, []]);
  // It has written no pidfile: all that is known is that the lock is held.
  assertMatch(deployment.stderr(), /LockHeldError|Cannot lock/);
}

async function servesAgain(deployment: Deployment): Promise<void> {
  const { pid } = await deployment.logged("daemon-serves", 2);
  assertEquals([deployment.lockHolder(), deployment.livingDaemons()], [pid, [pid]]);
}
