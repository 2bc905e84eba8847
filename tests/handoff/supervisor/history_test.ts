import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { HttpConnection } from "../../../torture/load/http_connection.ts";
import { commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

const DAEMON = fromFileUrl(new URL("programs/lines_daemon.ts", import.meta.url));

claim("the history says how many connections moved, and which requests were cut at the drain's deadline", async () => {
  using dir = new TempDir();
  const command = commandLine(DAEMON, { args: [dir.path] });
  await using supervised = await Supervised.serving(dir, command, { drain_grace_secs: 1 });
  const { address } = supervised.supervisor.status().listeners[0];
  const [hostname, port] = address.split(":");
  using idle = await HttpConnection.open({ hostname, port: Number(port) });
  await idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assertEquals((await idle.answer()).status, 200);
  const endless = await fetch(`http://${address}/endless`);
  assertEquals((await supervised.upgrade()).outcome, "committed");
  await supervised.logged("connections-moved");
  const { connectionsMoved, cut: [cut, ...others], writePauseMs } = supervised.supervisor.history.latest!;
  assertEquals([connectionsMoved, cut.method, cut.path, others], [1, "GET", "/endless", []]);
  assertEquals([cut.ageMs >= 1_000, writePauseMs! >= 1_000], [true, true]);
  const { stdout } = await handoff(["history", dir.path]);
  assertMatch(stdout, /no writes for \d+ ms, 1 connections moved, cut: GET \/endless after \d+\.\d s\n$/);
  await endless.body?.cancel().catch(() => {});
}, { needs: ["linux"] });

claim("the history of daemons that report nothing has no connections and no requests", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  assertEquals((await supervised.upgrade()).outcome, "committed");
  const { connectionsMoved, cut } = supervised.supervisor.history.latest!;
  assertEquals([connectionsMoved, cut], [0, []]);
}, { needs: ["linux"] });
