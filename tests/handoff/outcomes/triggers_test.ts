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
