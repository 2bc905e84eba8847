import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { inTime } from "../../support/patience.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

const SIGKILL = 9;

claim("a daemon that was killed is started again, on the same listener", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const { pid } = await supervised.ask();
  supervised.supervisor.daemon!.signal(SIGKILL);
  assertMatch(`${(await supervised.logged("daemon-died")).how}`, /signal 9 \(SIGKILL/);
  const after = await supervised.ask();
  assertEquals([after.pid !== pid, supervised.supervisor.status().restarts], [true, 1]);
}, { needs: ["linux"] });

claim("a request that comes while no daemon is there waits for the next one", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  supervised.supervisor.daemon!.signal(SIGKILL);
  await supervised.logged("daemon-died");
  assertEquals(supervised.supervisor.daemon, undefined);
  assertEquals((await supervised.ask()).build, "test");
}, { needs: ["linux"] });

claim("a daemon that exits with 0 by itself ends its supervisor with 0", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  supervised.supervisor.daemon!.signal(15);
  assertEquals(await inTime(supervised.code), 0);
}, { needs: ["linux"] });

claim("with on_exit_0 = restart it is started again", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir), { on_exit_0: "restart" });
  supervised.supervisor.daemon!.signal(15);
  await supervised.logged("daemon-serves", 2);
}, { needs: ["linux"] });

claim("a daemon that dies more often than max_restarts in a row ends its supervisor with 3", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.start(dir, peer(dir, "--cold-start=exit"), { max_restarts: 2 });
  assertEquals(await inTime(supervised.code), 3);
  assertEquals((await supervised.logged("gave-up")).deathsInRow, 3);
}, { needs: ["linux"] });

claim("a program that is not there ends its supervisor with 3 after as many tries", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.start(dir, [dir.join("none")], { max_restarts: 1 });
  assertEquals(await inTime(supervised.code), 3);
  assertMatch(`${(await supervised.logged("start-failed")).error}`, /ENOENT/);
}, { needs: ["linux"] });

claim("an upgrade ends the pause after a crash, and its command is started at once", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.start(dir, peer(dir, "--cold-start=exit"));
  await supervised.logged("daemon-died", 5);
  const { outcome } = await supervised.upgrade({ command: peer(dir, "--build=fixed") });
  assertEquals([outcome, (await supervised.ask()).build], ["committed", "fixed"]);
}, { needs: ["linux"] });

claim("an upgrade in such a pause whose command dies too leaves nobody, and says so", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.start(dir, peer(dir, "--cold-start=exit"));
  await supervised.logged("daemon-died", 3);
  const { outcome } = await supervised.upgrade({ command: peer(dir, "--cold-start=exit") });
  assertEquals(outcome, "nobody-serves");
}, { needs: ["linux"] });

claim("restart() starts the daemon anew, and counts as no crash", async () => {
  using dir = new TempDir();
  await using supervised = await Supervised.serving(dir, peer(dir));
  const { pid } = await supervised.ask();
  supervised.supervisor.restart();
  await supervised.logged("daemon-serves", 2);
  assertEquals((await supervised.ask()).pid !== pid, true);
  assertEquals(supervised.log.filter(({ event }) => event === "daemon-died"), []);
}, { needs: ["linux"] });

claim("a daemon behind a wrapper is told of at the start", async () => {
  using dir = new TempDir();
  const line = peer(dir).map((word) => `'${word}'`).join(" ");
  await using supervised = await Supervised.serving(dir, ["/bin/sh", "-c", `${line}; true`]);
  assertMatch(`${(await supervised.logged("wrapper")).message}`, /exec the daemon/);
  Deno.kill(supervised.supervisor.daemon!.wrapped!.pid, "SIGTERM");
}, { needs: ["linux"] });

claim("what the supervisor was told by systemd, or another supervisor, does not reach its daemon", async () => {
  using dir = new TempDir();
  const env = { LISTEN_PID: "1", NOTIFY_SOCKET: "/none", HANDOFF_ROLE: "successor" };
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    await using supervised = await Supervised.serving(dir, peer(dir));
    assertEquals((await supervised.ask()).env, {
      HANDOFF_CONTROL_SOCKET: dir.join(".handoff.sock"),
      LISTEN_FDS: "1",
      LISTEN_FDNAMES: "http",
    });
  } finally {
    for (const name of Object.keys(env)) Deno.env.delete(name);
  }
}, { needs: ["linux"] });
