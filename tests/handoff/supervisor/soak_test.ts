import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

const DAEMON = fromFileUrl(new URL("programs/lines_daemon.ts", import.meta.url));

function daemon(dir: TempDir, ...options: string[]): string[] {
  return commandLine(DAEMON, { args: [dir.path, ...options] });
}

claim("a successor that lives through its soak is committed, and its command is good at once", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, daemon(dir));
  const { outcome, phases } = await supervised.upgrade({ soakMs: 1_500 });
  assertEquals([outcome, phases.soak! >= 1_500], ["committed", true]);
  supervised.supervisor.restarts.committed(["next"]);
  assertEquals(supervised.supervisor.restarts.before, daemon(dir));
}, { needs: ["linux"] });

claim("a deadline that is longer than a timer can wait for has not passed at once", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.start(dir, daemon(dir));
  // The daemon is still starting, and is waited for.
  assertEquals((await supervised.upgrade({ deadlineMs: 2 ** 40, check: true })).outcome, "committed");
}, { needs: ["linux"] });

claim("a successor that dies in its soak is rolled back", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, daemon(dir));
  const { pid } = await supervised.ask();
  const { outcome, reason } = await supervised.upgrade({ command: daemon(dir, "500"), soakMs: 60_000 });
  assertEquals([outcome, (await supervised.ask()).pid], ["rolled-back", pid]);
  assertMatch(reason!, /signal 9 .* while it proved itself/);
}, { needs: ["linux"] });

claim(
  "a successor that fails its health command is rolled back, with what it has acknowledged in the data",
  async () => {
    using dir = new TempDir();
    const keys = { soak_secs: 60, health_command: ["test", "!", "-e", dir.join("ill")] };
    await using supervised = await Supervised.serving(dir, daemon(dir), keys);
    const { pid } = await supervised.ask();
    const upgrade = supervised.upgrade();
    await supervised.logged("phase", 5);
    const { address } = supervised.supervisor.status().listeners[0];
    const answer = await (await fetch(`http://${address}/`, { method: "POST", body: "kept" })).json();
    assertNotEquals(answer.pid, pid);
    Deno.writeTextFileSync(dir.join("ill"), "");
    const { outcome, reason } = await upgrade;
    assertEquals(outcome, "rolled-back");
    assertMatch(reason!, /failed 3 checks in a row: its health command exited with code 1/);
    const after = await supervised.ask() as unknown as { pid: number; lines: string[] };
    assertEquals([after.pid, after.lines], [pid, ["kept"]]);
  },
  { needs: ["linux"] },
);

claim("a successor whose health address does not answer 200 is rolled back", async () => {
  using dir = new TempDir();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    return new Response(null, { status: 503 });
  });
  const keys = { soak_secs: 60, health_url: `http://127.0.0.1:${server.addr.port}/` };
  await using supervised = await Supervised.serving(dir, daemon(dir), keys);
  const { outcome, reason } = await supervised.upgrade();
  assertEquals(outcome, "rolled-back");
  assertMatch(reason!, /its health address answers 503/);
}, { needs: ["linux"] });

claim("a build id is told by status and history, and stays with its command in a restart and a rollback", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, daemon(dir), { build_id: "one" });
  const { supervisor } = supervised;
  const build = () => supervisor.status().daemon?.buildId;
  supervisor.restarts.proved();
  assertEquals([build(), (await handoff(["upgrade", "--build-id=two", dir.path])).code], ["one", 0]);
  const { fromBuild, toBuild } = supervisor.history.latest!;
  assertEquals([build(), fromBuild, toBuild], ["two", "one", "two"]);
  supervisor.daemon!.signal(9);
  await supervised.logged("daemon-serves", 3);
  assertEquals([build(), (await handoff(["rollback", dir.path])).code, build()], ["two", 0, "one"]);
  supervisor.daemon!.signal(9);
  await supervised.logged("daemon-serves", 5);
  assertEquals(build(), "one");
}, { needs: ["linux"] });
