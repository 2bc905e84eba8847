import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { eventually } from "../../support/patience.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

const DAEMON = fromFileUrl(new URL("../daemon/programs/scripted_daemon.ts", import.meta.url));

claim("a handler that does not end has an upgrade rolled back, and one that is forced is committed", async () => {
  using dir = new TempDir();
  const log = dir.join("log");
  const command = commandLine(DAEMON, { args: [dir.join("data"), JSON.stringify({ log })] });
  await using supervised = await Supervised.serving(dir, command, {
    data_dir: dir.join("data"),
    drain_grace_secs: 1,
  });
  const { address } = supervised.supervisor.status().listeners[0];
  const answer = fetch(`http://${address}/stuck`).then(() => "answered", () => "cut");
  await eventually(() => assertMatch(Deno.readTextFileSync(log), /"stuck"/));
  const plain = await supervised.upgrade();
  assertEquals(plain.outcome, "rolled-back");
  assertMatch(plain.reason!, /GET \/stuck/);
  const forced = await supervised.upgrade({ force: true });
  assertEquals([forced.reason, forced.outcome, await answer], [undefined, "committed", "cut"]);
}, { needs: ["linux"] });

claim("a daemon that does not know of force is upgraded as always, and that is told", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  assertEquals((await supervised.upgrade({ force: true })).outcome, "committed");
  await supervised.logged("force-unsupported");
}, { needs: ["linux"] });
