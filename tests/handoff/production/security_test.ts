import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Child, type Report } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { daemon } from "./daemons.ts";

const ASKS = fromFileUrl(new URL("programs/nobody_asks.ts", import.meta.url));
const NOBODY = 65534;
const UPGRADE = JSON.stringify({ v: 1, verb: "upgrade", follow: true });
const FORBIDDEN = [
  { verb: "upgrade", command: ["/bin/true"], follow: true },
  { verb: "stop" },
  { verb: "restart" },
  { verb: "rollback" },
  { verb: "abort" },
  { verb: "status" },
  { verb: "history" },
];
const LINUX = { needs: ["linux"] } as const;
const ROOT = { needs: ["linux", "root"] } as const;

for (const socket of [".handoff.sock", ".handoff.sock.fds", ".handoff.supervisor.sock"]) {
  claim(`another user cannot connect to ${socket}, nor gets a byte from it past its mode`, async () => {
    using dir = worldReadable();
    await using _supervisor = await SupervisorProcess.serving(dir, daemon(dir));
    assertEquals(Deno.statSync(dir.join(socket)).mode! & 0o777, 0o600);
    assertEquals(await asNobody(dir, socket, UPGRADE), { event: "refused", error: "PermissionDenied" });
    Deno.chmodSync(dir.join(socket), 0o666);
    assertEquals(await asNobody(dir, socket, UPGRADE), { event: "answered", answer: "" });
  }, ROOT);
}

claim("a user of allowed_uids may upgrade to the configured command", async () => {
  using dir = worldReadable();
  await using supervisor = await admitting(dir);
  const { answer } = await asNobody(dir, ".handoff.supervisor.sock", UPGRADE);
  const { outcome, reason } = JSON.parse(answer.trim().split("\n").at(-1));
  assertEquals([outcome, reason], ["committed", undefined]);
  await supervisor.logged("replaced");
}, ROOT);

claim("a user of allowed_uids may do so in the words of the Rust crate, and not name a program", async () => {
  using dir = worldReadable();
  await using _supervisor = await admitting(dir);
  const ask = async (line: string) => (await asNobody(dir, ".handoff.supervisor.sock", line)).answer;
  assertMatch(await ask("handoff /bin/true"), /^err: user 65534 may only upgrade to the configured command/);
  assertMatch(await ask("handoff"), /^ok: .*committed=true/);
}, ROOT);

claim("a user of allowed_uids may ask for nothing else, and not connect to the daemon's sockets", async () => {
  using dir = worldReadable();
  await using supervisor = await admitting(dir);
  const { pid } = await supervisor.ask();
  for (const request of FORBIDDEN) {
    const { answer } = await asNobody(dir, ".handoff.supervisor.sock", JSON.stringify({ v: 1, ...request }));
    assertMatch(JSON.parse(answer).reason, /^user 65534 may only upgrade to the configured command$/, request.verb);
    assertEquals((await supervisor.ask()).pid, pid);
  }
  for (const socket of [".handoff.sock", ".handoff.sock.fds"]) {
    assertEquals((await asNobody(dir, socket, "")).event, "refused");
  }
}, ROOT);

claim("a user of allowed_uids may not use force", async () => {
  using dir = worldReadable();
  await using supervisor = await admitting(dir);
  const { pid } = await supervisor.ask();
  const forced = JSON.stringify({ v: 1, verb: "upgrade", force: true, follow: true });
  const { outcome, reason } = JSON.parse((await asNobody(dir, ".handoff.supervisor.sock", forced)).answer);
  assertEquals(outcome, "nothing-begun");
  assertMatch(reason, /^user 65534 may not use force/);
  assertEquals((await supervisor.ask()).pid, pid);
}, ROOT);

claim("a command that is none of allowed_commands is refused also for the supervisor's own user", async () => {
  using dir = worldReadable();
  const only = daemon(dir);
  await using supervisor = await configured(dir, `allowed_commands = ${JSON.stringify([only])}`);
  const { pid } = await supervisor.ask();
  const refused = await handoff(["upgrade", dir.path, "--", ...daemon(dir, "second")]);
  assertEquals([refused.code, (await supervisor.ask()).pid], [2, pid]);
  assertMatch(refused.stderr, /none of allowed_commands/);
  assertEquals((await handoff(["upgrade", dir.path, "--", ...only])).code, 0);
}, LINUX);

claim("a program that is none of allowed_binaries is refused; with an interpreter it bounds no script", async () => {
  using dir = worldReadable();
  await using supervisor = await configured(dir, `allowed_binaries = ${JSON.stringify([Deno.execPath()])}`);
  const refused = await handoff(["upgrade", dir.path, "--", "/bin/true"]);
  assertEquals(refused.code, 2);
  assertMatch(refused.stderr, /none of allowed_binaries/);
  assertEquals((await handoff(["upgrade", dir.path, "--", ...daemon(dir, "second")])).code, 0);
  assertEquals((await supervisor.ask()).build, "second");
}, LINUX);

claim("a line of more than 4 KiB is refused, and the next client is served", async () => {
  using dir = worldReadable();
  await using _supervisor = await SupervisorProcess.serving(dir, daemon(dir));
  const answer = await say(dir.join(".handoff.supervisor.sock"), "x".repeat(4_096));
  assertMatch(answer, /^err: .*4096/);
  assertEquals((await handoff(["upgrade", dir.path])).code, 0);
}, LINUX);

claim("a client that says nothing is told so and let go after 10 s, and keeps nobody waiting meanwhile", async () => {
  using dir = worldReadable();
  await using _supervisor = await SupervisorProcess.serving(dir, daemon(dir));
  using silent = await Deno.connect({ transport: "unix", path: dir.join(".handoff.supervisor.sock") });
  assertEquals((await handoff(["upgrade", dir.path])).code, 0);
  assertMatch(await new Response(silent.readable).text(), /^err: .*10/);
}, LINUX);

/** A data directory that every user may read. */
function worldReadable(): TempDir {
  const dir = new TempDir();
  Deno.chmodSync(dir.path, 0o755);
  return dir;
}

async function admitting(dir: TempDir): Promise<SupervisorProcess> {
  return await configured(dir, `allowed_uids = [${NOBODY}]`);
}

async function configured(dir: TempDir, line: string): Promise<SupervisorProcess> {
  Deno.writeTextFileSync(dir.join("handoff.toml"), `${line}\n`);
  return await SupervisorProcess.serving(dir, daemon(dir), ["--config", dir.join("handoff.toml")]);
}

async function asNobody(dir: TempDir, socket: string, line: string): Promise<Report> {
  await using child = new Child(ASKS, { args: [dir.join(socket), line] });
  return await child.next();
}

async function say(path: string, line: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(new TextEncoder().encode(`${line}\n`));
  return await new Response(connection.readable).text();
}
