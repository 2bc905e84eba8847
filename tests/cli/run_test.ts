import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Child, commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { snapshot } from "../support/disk.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { handoff, startHandoff } from "../support/command.ts";
import { deadPid } from "../support/dead_pid.ts";
import { holding } from "../support/holding.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A command that reports, and goes on until its standard input is closed. */
const COMMAND = commandLine("signalled.ts");

const ENDS = [
  { what: "exits with the code of the command", command: ["sh", "-c", "exit 3"], code: 3 },
  { what: "exits with 128+n when signal n ended the command", command: ["sh", "-c", "kill -KILL $$"], code: 137 },
  { what: "exits with 127 when command not found", command: ["/nowhere/command"], code: 127 },
  { what: "exits with 126 when the command cannot be executed", command: ["/etc/passwd"], code: 126 },
];

for (const { what, command, code } of ENDS) {
  claim(`run ${what}`, async () => {
    using dir = new TempDir();
    assertEquals((await handoff(["run", dir.path, "--", ...command])).code, code);
  });

  claim(`nothing but the lockfile stays behind, and that is free, when run ${what}`, async () => {
    using dir = new TempDir();
    await handoff(["run", dir.path, "--", ...command]);
    assertEquals(dir.entries(), [".handoff.lock"]);
    assertEquals(isFree(dir.path), true);
  });
}

claim("run holds the directory while the command runs, and is named as the holder", async () => {
  using dir = new TempDir();
  await using running = startHandoff(["run", dir.path, "--", ...COMMAND]);
  await using contender = new Child("holder.ts", { args: [dir.path] });
  await running.next();
  assertEquals((await contender.ask("acquire")).holder, { pid: running.pid, liveness: "alive", self: false });
});

claim("run creates the directory, with its parents", async () => {
  using dir = new TempDir();
  await handoff(["run", dir.join("a/data"), "--", "true"]);
  assertEquals(dir.entries(dir.join("a/data")), [".handoff.lock"]);
});

claim("the command reads the standard input of run", async () => {
  using dir = new TempDir();
  const { stdout } = await handoff(["run", dir.path, "--", "cat"], { input: "from outside" });
  assertEquals(stdout, "from outside");
});

claim("the command writes to the standard error of run, which itself writes nothing", async () => {
  using dir = new TempDir();
  const { stdout, stderr } = await handoff(["run", dir.path, "--", "sh", "-c", "echo from inside >&2"]);
  assertEquals({ stdout, stderr }, { stdout: "", stderr: "from inside\n" });
});

claim("the command gets its arguments as they stand, whatever they look like", async () => {
  using dir = new TempDir();
  const args = ["--help", "--wait=1", "--", "", "two words", "1e3", "-x"];
  const { stdout } = await handoff(["run", dir.path, "--", "printf", "%s\\n", ...args]);
  assertEquals(stdout, args.map((arg) => `${arg}\n`).join(""));
});

claim("run exits with 75 when the directory is held, names the holder, and runs nothing", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  const { code, stdout, stderr } = await handoff(["run", dir.path, "--", "echo", "ran"]);
  assertEquals({ code, stdout }, { code: 75, stdout: "" });
  assertStringIncludes(
    stderr,
    `handoff: Cannot lock "${dir.path}": it is held, and the pidfile names process ${holder.pid}, and a process ${holder.pid} is alive.`,
  );
});

claim("run exits with 2 when the directory is a file, and runs nothing", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("file"), "");
  const { code, stdout, stderr } = await handoff(["run", dir.join("file"), "--", "echo", "ran"]);
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertMatch(stderr, /^handoff: Cannot open .*\/file\b.*not a directory/);
});

claim("run --break-stale says that the named holder is dead, and is refused while something else holds", async () => {
  using dir = new TempDir();
  const dead = await deadPid();
  using _holder = new ForeignHolder(dir.path, { pidfile: `${dead}\n` });
  const { code, stderr } = await handoff(["run", "--break-stale", dir.path, "--", "true"]);
  assertEquals(code, 75);
  assertStringIncludes(stderr, `its holder, process ${dead}, is dead; trying again`);
});

claim("run without --break-stale tries only once", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: `${await deadPid()}\n` });
  const before = snapshot(dir.path);
  const { code, stderr } = await handoff(["run", dir.path, "--", "true"]);
  assertEquals({ code, trying: stderr.includes("trying again") }, { code: 75, trying: false });
  assertEquals(snapshot(dir.path), before);
});

claim("run --break-stale runs the command after the holder was killed", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  await holder.killed();
  assertEquals((await handoff(["run", "--break-stale", dir.path, "--", "sh", "-c", "exit 3"])).code, 3);
});

claim("run needs no permission but for ffi, the directory and the command", async () => {
  using dir = new TempDir();
  const permissions = ["--allow-ffi", `--allow-read=${dir.path}`, `--allow-write=${dir.path}`, "--allow-run=sh"];
  const { code, stderr } = await handoff(["run", dir.path, "--", "sh", "-c", "exit 3"], { permissions });
  assertEquals({ code, stderr }, { code: 3, stderr: "" });
});

claim("run exits with 2 without the permission to run the command, and names the flag", async () => {
  using dir = new TempDir();
  const permissions = ["--allow-ffi", `--allow-read=${dir.path}`, `--allow-write=${dir.path}`];
  const { code, stderr } = await handoff(["run", dir.path, "--", "sh", "-c", "exit 3"], { permissions });
  assertEquals(code, 2);
  assertStringIncludes(stderr, "--allow-run");
});

/** A prefix that makes a local filesystem look like NFS: the type is the first thing that fstatfs(2) answers. */
const ON_NFS = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fstatfs:poke_exit=@arg2=6969000000000000"];

for (const [option, code] of [["--allow-network-filesystem", 3], ["--break-stale", 2]] as const) {
  claim(`run ${option} on a network filesystem exits with ${code}`, async () => {
    using dir = new TempDir();
    const outcome = await handoff(["run", option, dir.path, "--", "sh", "-c", "exit 3"], { prefix: ON_NFS });
    assertEquals(outcome.code, code);
  }, { needs: ["strace"] });
}
