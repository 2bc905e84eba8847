import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

const SIGKILL = 9;

claim("stop() ends the daemon, and resolves to its exit code", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir, "--stops-with=4"));
  supervised.supervisor.stop();
  assertEquals(await inTime(supervised.code), 4);
  assertEquals(supervised.supervisor.daemon, undefined);
}, { needs: ["linux"] });

for (const phase of ["start", "drain", "seal"] as const) {
  claim(`stop() in the phase "${phase}" of an upgrade calls it off, and leaves no process`, async () => {
    using dir = new TempDir();
    await using supervised = await Supervised.serving(dir, peer(dir));
    const daemon = supervised.supervisor.daemon!;
    const { outcome, reason } = await supervised.upgrade({ command: peer(dir) }, (event) => {
      if (event.event === "phase-begun" && event.phase === phase) supervised.supervisor.stop();
    });
    assertEquals(outcome, "rolled-back");
    assertMatch(reason!, /the supervisor is stopping/);
    assertEquals(await inTime(supervised.code), 0);
    assertEquals([daemon.gone, supervised.supervisor.status().generation], [true, 0]);
  }, { needs: ["linux"] });
}

claim("stop() after Begin waits for the successor, commits it, and ends it", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const { outcome } = await supervised.upgrade({ command: peer(dir) }, (event) => {
    if (event.event === "phase-begun" && event.phase === "open") supervised.supervisor.stop();
  });
  assertEquals([outcome, await inTime(supervised.code)], ["committed", 0]);
  assertEquals(supervised.supervisor.daemon, undefined);
}, { needs: ["linux"] });

claim("stop() while a crashed daemon waits to be started again starts nothing any more", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.start(dir, peer(dir, "--cold-start=exit"));
  await supervised.logged("daemon-died", 4);
  const started = supervised.log.filter(({ event }) => event === "daemon-started").length;
  supervised.supervisor.stop();
  await inTime(supervised.code);
  assertEquals(supervised.log.filter(({ event }) => event === "daemon-started").length, started);
}, { needs: ["linux"] });

claim("a daemon that does not stop in time is killed", async () => {
  using dir = new TempDir();
  const keys = { stop_timeout_secs: 0.1 };
  await using supervised = await Supervised.serving(dir, peer(dir, "--stops-with=never"), keys);
  supervised.supervisor.stop();
  assertEquals(await inTime(supervised.code), 128 + SIGKILL);
}, { needs: ["linux"] });

claim("of 20 upgrades at once one is committed, and the others are told that it is under way", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const upgrades = Array.from({ length: 20 }, () => supervised.upgrade({ command: peer(dir, "--build=new") }));
  const outcomes = (await Promise.all(upgrades)).map(({ outcome }) => outcome).sort();
  assertEquals(outcomes, [...Array(19).fill("busy"), "committed"]);
  assertEquals(supervised.supervisor.status().generation, 1);
}, { needs: ["linux"] });

claim("abort() calls an upgrade off until Begin", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const { pid } = await supervised.ask();
  const aborted: boolean[] = [];
  const { outcome } = await supervised.upgrade({ command: peer(dir) }, (event) => {
    if (event.event === "phase-begun" && event.phase === "seal") aborted.push(supervised.supervisor.abort());
  });
  assertEquals([outcome, aborted, (await supervised.ask()).pid], ["rolled-back", [true], pid]);
}, { needs: ["linux"] });

claim("abort() after Begin changes nothing, and says so", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const aborted: boolean[] = [];
  const { outcome } = await supervised.upgrade({ command: peer(dir) }, (event) => {
    if (event.event === "phase-begun" && event.phase === "open") aborted.push(supervised.supervisor.abort());
  });
  assertEquals([outcome, aborted], ["committed", [false]]);
}, { needs: ["linux"] });
