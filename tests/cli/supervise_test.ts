import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../support/claim.ts";
import { handoff } from "../support/command.ts";
import { SupervisorProcess } from "../support/supervisor_process.ts";
import { peer } from "../support/supervised.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A command line that cannot be followed. */
interface Refused {
  readonly what: string;
  readonly args: (dir: TempDir, port: number) => readonly string[];
  readonly message: RegExp;
  readonly prepare?: (dir: TempDir) => void;
}

const COMMAND = ["--", "sleep", "600"];

const REFUSED: readonly Refused[] = [
  { what: "no directory", args: () => COMMAND, message: /the data directory is missing/ },
  { what: "no command", args: (dir) => ["--dir", dir.path], message: /the command is missing/ },
  {
    what: "--listen without a name",
    args: (dir) => ["--dir", dir.path, "--listen", "127.0.0.1:8080", ...COMMAND],
    message: /--listen needs NAME=ADDRESS, and "127\.0\.0\.1:8080" has no name/,
  },
  {
    what: "the same name twice",
    args: (dir) => ["--dir", dir.path, "--listen", "a=127.0.0.1:0", "--listen", "a=127.0.0.1:0", ...COMMAND],
    message: /there are two of the name "a"/,
  },
  {
    what: "an address in use",
    args: (dir, port) => ["--dir", dir.path, "--listen", `http=127.0.0.1:${port}`, ...COMMAND],
    message: /Cannot listen on .*127\.0\.0\.1:\d+/,
  },
  {
    what: "a file in the place of the trigger socket",
    args: (dir) => ["--dir", dir.path, ...COMMAND],
    message: /Cannot bind ".*\.handoff\.supervisor\.sock": something that is no socket stands there/,
    prepare: (dir) => Deno.writeTextFileSync(dir.join(".handoff.supervisor.sock"), ""),
  },
  {
    what: "a file in the place of the control socket",
    args: (dir) => ["--dir", dir.path, ...COMMAND],
    message: /Cannot bind ".*\.handoff\.sock": something that is no socket stands there/,
    prepare: (dir) => Deno.writeTextFileSync(dir.join(".handoff.sock"), ""),
  },
  {
    what: "an unknown key in the configuration",
    args: (dir) => ["--config", dir.join("handoff.toml"), "--dir", dir.path, ...COMMAND],
    message: /Cannot use ".*handoff\.toml": unknown key "drain_grace"; did you mean "drain_grace_secs"\?/,
    prepare: (dir) => Deno.writeTextFileSync(dir.join("handoff.toml"), "drain_grace = 1"),
  },
];

for (const { what, args, message, prepare } of REFUSED) {
  claim(`handoff supervise with ${what}: 2, one sentence, and nothing is left`, async () => {
    using dir = new TempDir();
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    prepare?.(dir);
    const before = dir.entries();
    const { code, stderr } = await handoff(["supervise", ...args(dir, taken.addr.port)]);
    assertEquals([code, stderr.split("\n").length, dir.entries()], [2, 2, before]);
    assertMatch(stderr, message);
  }, { needs: ["linux"] });
}

claim("a second handoff supervise of a directory: 75, which names the first, and that is unharmed", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { code, stderr } = await handoff(["supervise", "--dir", dir.path, ...COMMAND]);
  assertEquals(code, 75);
  assertMatch(stderr, new RegExp(`process ${supervisor.pid} holds .* and is the supervisor of this directory`));
  assertEquals((await supervisor.ask()).build, "test");
}, { needs: ["linux"] });

claim("of two supervisors that start at the same instant after a SIGKILL one is refused with 75", async () => {
  using dir = new TempDir();
  {
    await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
    const { pid } = await supervisor.ask();
    supervisor.kill("SIGKILL");
    await supervisor.status;
    Deno.kill(pid, "SIGKILL");
  }
  await using first = new SupervisorProcess(dir, peer(dir));
  await using second = new SupervisorProcess(dir, peer(dir));
  const loser = await Promise.race([first, second].map(async (supervisor) => ({
    supervisor,
    code: (await supervisor.status).code,
  })));
  assertEquals(loser.code, 75);
  await (loser.supervisor === first ? second : first).logged("daemon-serves");
}, { needs: ["linux"] });

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  claim(`${signal} stops the daemon, and handoff supervise exits with its code`, async () => {
    using dir = new TempDir();
    await using supervisor = await SupervisorProcess.serving(dir, peer(dir, "--stops-with=6"));
    supervisor.kill(signal);
    assertEquals((await supervisor.status).code, 6);
  }, { needs: ["linux"] });
}

claim("SIGHUP is an upgrade to the configured command, where standard input is no terminal", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { pid } = await supervisor.ask();
  supervisor.kill("SIGHUP");
  assertEquals((await supervisor.logged("replaced")).pid, pid);
}, { needs: ["linux"] });

claim("handoff rollback goes back to the last good command; handoff history tells both upgrades", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir, "--build=v1"));
  await supervisor.logged("daemon-good");
  assertEquals((await handoff(["upgrade", dir.path, "--", ...peer(dir, "--build=v2")])).code, 0);
  assertEquals((await supervisor.ask()).build, "v2");
  assertEquals((await handoff(["rollback", dir.path])).code, 0);
  assertEquals((await supervisor.ask()).build, "v1");
  const { stdout } = await handoff(["history", "--json", dir.path]);
  const builds = stdout.trimEnd().split("\n").map((line) => JSON.parse(line)).map((record) => record.toBuild);
  assertEquals(builds, ["v1", "v2"]);
}, { needs: ["linux"] });

claim("handoff rollback without a command before: 2", async () => {
  using dir = new TempDir();
  await using _supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { code, stderr } = await handoff(["rollback", dir.path]);
  assertEquals([code, stderr], [2, "handoff: nothing was begun: there is no command before this one\n"]);
}, { needs: ["linux"] });

claim("handoff supervise --build-id gives the id to the command, in its environment", async () => {
  using dir = new TempDir();
  const command = ["sh", "-c", "echo $HANDOFF_BUILD_ID"];
  const { code, stdout } = await handoff(["supervise", "--build-id=one", "--dir", dir.path, "--", ...command]);
  assertEquals([code, stdout], [0, "one\n"]);
}, { needs: ["linux"] });
