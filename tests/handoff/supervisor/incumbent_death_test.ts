import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

for (const moment of ["dies-in-drain", "dies-in-seal", "dies-sealed"]) {
  claim(`an incumbent that ${moment.replaceAll("-", " ")} leaves its place to the waiting successor`, async () => {
    using dir = new TempDir();
    await using supervised = await Supervised.serving(dir, peer(dir, `--incumbent=${moment}`));
    const { outcome } = await supervised.upgrade({ command: peer(dir, "--build=new") });
    assertEquals([outcome, (await supervised.ask()).build], ["committed", "new"]);
    assertEquals(supervised.supervisor.status().restarts, 0);
  }, { needs: ["linux"] });
}

claim("an incumbent that dies while a broken successor had its turn is started again", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir, "--incumbent=dies-sealed", "--build=old"));
  const { outcome, reason } = await supervised.upgrade({ command: peer(dir, "--successor=throws-in-open") });
  assertEquals(outcome, "rolled-back");
  assertMatch(reason!, /the daemon before had died, and was started again/);
  assertEquals((await supervised.ask()).build, "old");
}, { needs: ["linux"] });

claim("an incumbent that dies when it is told to resume is started again", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir, "--incumbent=dies-on-resume", "--build=old"));
  const { outcome } = await supervised.upgrade({ command: peer(dir, "--successor=throws-in-open") });
  assertEquals([outcome, (await supervised.ask()).build], ["rolled-back", "old"]);
}, { needs: ["linux"] });

claim("an incumbent that closes its session, and lives, is not taken for dead", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir, "--incumbent=closes"));
  const { pid } = await supervised.ask();
  const { outcome, reason } = await supervised.upgrade({ command: peer(dir) });
  assertEquals([outcome, (await supervised.ask()).pid], ["rolled-back", pid]);
  assertMatch(reason!, /the incumbent failed at Drained/);
}, { needs: ["linux"] });

claim("an incumbent that cannot seal serves on, and the reason is what it says", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir, "--incumbent=seal-fails"));
  const { pid } = await supervised.ask();
  const { outcome, reason } = await supervised.upgrade({ command: peer(dir) });
  assertEquals([outcome, (await supervised.ask()).pid], ["rolled-back", pid]);
  assertMatch(reason!, /could not seal: the disk is full/);
}, { needs: ["linux"] });

claim("an incumbent that lingers after Commit is ended, and the upgrade does not wait for it", async () => {
  using dir = new TempDir();
  const options = { exit_grace_secs: 0.1 };
  await using supervised = await Supervised.serving(dir, peer(dir, "--incumbent=lingers"), options);
  const { pid } = await supervised.ask();
  assertEquals((await supervised.upgrade({ command: peer(dir) })).outcome, "committed");
  assertEquals((await supervised.logged("replaced-daemon-lingers")).pid, pid);
}, { needs: ["linux"] });
