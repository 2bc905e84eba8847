import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { Deployment } from "../../support/deployment.ts";
import { untilGone } from "../../support/detached.ts";

let deployment: Deployment;
Deno.test.beforeAll(async () => {
  deployment = await Deployment.start();
});
Deno.test.afterAll(() => deployment[Symbol.asyncDispose]());

claim("an upgrade while one is under way is refused with 75 at once, and the first commits unharmed", async () => {
  const before = await deployment.pid();
  await using clients = deployment.clients();
  await clients.more();
  using hold = deployment.hold("start-successor");
  const first = deployment.upgrade();
  await hold.reached();
  const second = await deployment.upgrade();
  assertEquals(second.code, 75);
  assertMatch(second.stderr, /another upgrade is under way/);
  hold.release();
  assertEquals((await first).code, 0);
  await untilGone(before);
  await clients.more();
  await deployment.assertAllKept();
  clients.assertNoneFailed();
}, { needs: ["linux"] });

claim("of 20 upgrades at once one commits, and 19 are refused without starting anything", async () => {
  const before = await deployment.pid();
  const started = deployment.daemons.length;
  await using clients = deployment.clients();
  await clients.more();
  using hold = deployment.hold("start-successor");
  let answered = 0;
  const upgrades = Array.from({ length: 20 }, async () => {
    const { outcome } = await deployment.ask({ verb: "upgrade", follow: true });
    if (++answered === 19) hold.release();
    return outcome;
  });
  const outcomes = (await Promise.all(upgrades)).toSorted();
  assertEquals(outcomes, [...Array(19).fill("busy"), "committed"]);
  await untilGone(before);
  assertEquals(deployment.daemons.length, started + 1);
  await clients.more();
  await deployment.assertAllKept();
  clients.assertNoneFailed();
}, { needs: ["linux"] });

for (const point of ["start-successor", "drain"]) {
  claim(`an upgrade that is called off at ${point} ends with 1, both say so, and the next one commits`, async () => {
    const before = await deployment.pid();
    await using clients = deployment.clients();
    await clients.more();
    using hold = deployment.hold(point);
    const upgrade = deployment.upgrade();
    await hold.reached();
    const abort = await deployment.upgrade({ flags: ["--abort"] });
    assertEquals(abort, { code: 0, stdout: "the upgrade is called off\n", stderr: "" });
    hold.release();
    const { code, stderr } = await upgrade;
    assertMatch(stderr, /^handoff: rolled back, the old daemon serves: it was called off\n/);
    assertEquals([code, await deployment.pid(), deployment.livingDaemons()], [1, before, [before]]);
    await deployment.assertUpgradeCommits();
    await clients.more();
    await deployment.assertAllKept();
    clients.assertNoneFailed();
  }, { needs: ["linux"] });
}

claim("an upgrade cannot be called off once its successor's turn has come: 2, and it commits", async () => {
  const before = await deployment.pid();
  using hold = deployment.hold("open-successor");
  const upgrade = deployment.upgrade();
  await hold.reached();
  const { code, stderr } = await deployment.upgrade({ flags: ["--abort"] });
  assertEquals(stderr, "handoff: nothing was begun: it is too late: the successor has been told to begin\n");
  hold.release();
  assertEquals([code, (await upgrade).code], [2, 0]);
  await untilGone(before);
}, { needs: ["linux"] });

claim("where no upgrade is under way there is nothing to call off: 2", async () => {
  const { code, stderr } = await deployment.upgrade({ flags: ["--abort"] });
  assertEquals([code, stderr], [2, "handoff: nothing was begun: no upgrade is under way\n"]);
}, { needs: ["linux"] });
