import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { claim } from "../support/claim.ts";
import { handoff } from "../support/command.ts";
import { eventually } from "../support/patience.ts";
import { SupervisorProcess } from "../support/supervisor_process.ts";
import { peer } from "../support/supervised.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("handoff upgrade commits: a line a phase with its milliseconds, and 0", async () => {
  using dir = new TempDir();
  await using _supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { code, stdout, stderr } = await handoff(["upgrade", dir.path]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.map((line) => line.split(" ")[0]), ["start", "drain", "seal", "open", "commit", "committed"]);
  for (const line of lines.slice(0, -1)) assertMatch(line, / \d+ ms$/);
  assertEquals(["\r", "\x1b"].filter((control) => stdout.includes(control)), []);
}, { needs: ["linux"] });

claim("handoff upgrade of a broken successor: 1, one sentence, and what it wrote to its standard error", async () => {
  using dir = new TempDir();
  await using _supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { code, stderr } = await handoff(["upgrade", dir.path, "--", ...peer(dir, "--successor=throws")]);
  assertEquals(code, 1);
  assertMatch(stderr, /^handoff: rolled back, the old daemon serves: the successor exited with code 1 before/);
  assertMatch(stderr, /\n {2}\| .*this build cannot start/);
}, { needs: ["linux"] });

for (const timeout of ["infinity", "59.99999"]) {
  claim(`handoff upgrade --json --timeout=${timeout}: one object a line, the last one is the outcome`, async () => {
    using dir = new TempDir();
    await using _supervisor = await SupervisorProcess.serving(dir, peer(dir));
    const { code, stdout } = await handoff(["upgrade", "--json", `--timeout=${timeout}`, dir.path]);
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals([code, events[0], events.at(-1).outcome], [0, { event: "phase-begun", phase: "start" }, "committed"]);
  }, { needs: ["linux"] });
}

claim("handoff upgrade --check starts a successor as far as its turn, and the daemon notices nothing", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const before = await supervisor.ask();
  assertEquals((await handoff(["upgrade", "--check", dir.path])).code, 0);
  assertEquals((await supervisor.ask()).pid, before.pid);
  const broken = await handoff(["upgrade", "--check", dir.path, "--", ...peer(dir, "--successor=exits")]);
  assertEquals([broken.code, (await supervisor.ask()).pid], [1, before.pid]);
}, { needs: ["linux"] });

claim("handoff upgrade without a supervisor: 2, and nothing is made", async () => {
  using dir = new TempDir();
  const { code, stderr } = await handoff(["upgrade", dir.path]);
  assertEquals([code, dir.entries()], [2, []]);
  assertMatch(stderr, /^handoff: No supervisor answers at ".*\.handoff\.supervisor\.sock"\n$/);
}, { needs: ["linux"] });

claim("handoff upgrade to a relative program: 2, and nothing is begun", async () => {
  using dir = new TempDir();
  await using _supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { code, stderr } = await handoff(["upgrade", dir.path, "--", "./daemon"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, `nothing was begun: "./daemon" is relative`);
}, { needs: ["linux"] });

claim("handoff upgrade while another is under way: 75 at once, and the first is unharmed", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const first = handoff(["upgrade", dir.path, "--", ...peer(dir, "--successor=slow5000")]);
  await supervisor.logged("upgrade-begun");
  const { code, stderr } = await handoff(["upgrade", dir.path]);
  assertEquals([code, stderr], [75, "handoff: busy: another upgrade is under way\n"]);
  assertEquals((await first).code, 0);
}, { needs: ["linux"] });

claim("handoff upgrade whose supervisor is killed looks for itself: 0 where the successor serves", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { pid } = await supervisor.ask();
  const upgrade = handoff(["upgrade", dir.path, "--", ...peer(dir, "--successor=slow5000")]);
  await supervisor.logged("phase", ({ phase }) => phase === "open");
  await eventually(() => assertNotEquals(readPid(dir), pid));
  supervisor.kill("SIGKILL");
  const { code, stderr } = await upgrade;
  assertStringIncludes(stderr, "the supervisor is gone");
  assertEquals(code, 0);
  const successor = readPid(dir);
  Deno.kill(successor, "SIGTERM");
  await eventually(() => assertThrows(() => Deno.statSync(`/proc/${successor}`)));
}, { needs: ["linux"] });

claim("handoff status reports the supervisor, the build and the last upgrade", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir, "--build=v1"));
  await handoff(["upgrade", dir.path, "--", ...peer(dir, "--successor=exits")]);
  const { stdout } = await handoff(["status", dir.path]);
  assertMatch(stdout, new RegExp(`supervised by +process ${supervisor.pid}, since `));
  assertMatch(stdout, /build +v1\n/);
  assertMatch(stdout, /last upgrade +rolled-back, .*: the successor exited with code 0 before it said Hello\n/);
}, { needs: ["linux"] });

claim("handoff restart starts the daemon anew, and returns when it serves", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  const { pid } = await supervisor.ask();
  assertEquals((await handoff(["restart", dir.path])).code, 0);
  assertEquals((await supervisor.ask()).pid !== pid, true);
}, { needs: ["linux"] });

claim("handoff stop ends the daemon and the supervisor, and returns when both have ended", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
  assertEquals(await handoff(["stop", dir.path]), { code: 0, stdout: "", stderr: "" });
  assertEquals((await supervisor.status).code, 0);
  assertEquals((await handoff(["status", dir.path])).stdout.split("\n")[0], "free");
}, { needs: ["linux"] });

/** The process that has written the pidfile, and so has had the lock. */
function readPid(dir: TempDir): number {
  return Number(Deno.readTextFileSync(dir.join(".handoff.pidfile")));
}
