import { assertEquals, assertMatch } from "@std/assert";
import { commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { handoff, startHandoff } from "../support/command.ts";
import { isFree, untilFree } from "../support/foreign_holder.ts";
import { eventually, inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A prefix under which no file can be deleted. */
const NOTHING_UNLINKED = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=unlink,unlinkat:error=EIO"];

claim("the exit code of the command survives a release that fails, which is told as a warning", async () => {
  using dir = new TempDir();
  const { code, stderr } = await handoff(["run", dir.path, "--", "sh", "-c", "exit 3"], { prefix: NOTHING_UNLINKED });
  assertEquals(code, 3);
  assertMatch(stderr, /^handoff: Cannot .*\.handoff\.pidfile".*\n$/);
}, { needs: ["strace"] });

for (const [how, command] of [["its path", "./script"], ["its name in PATH", "script"]]) {
  claim(`a command by ${how} whose interpreter is missing exits with 126, and is not reported as missing`, async () => {
    using dir = new TempDir();
    Deno.writeTextFileSync(dir.join("script"), "#!/nowhere/sh\n", { mode: 0o755 });
    const prefix = ["env", `PATH=${dir.path}:${Deno.env.get("PATH")}`];
    const { code, stderr } = await handoff(["run", dir.join("data"), "--", command], { cwd: dir.path, prefix });
    assertEquals({ code, stderr }, {
      code: 126,
      stderr:
        `handoff: Cannot run ${command}: the interpreter that its first line or its ELF header names is missing\n`,
    });
  });
}

for (const command of ["/nowhere/command", "no-such-command"]) {
  claim(`a command that does not exist (${command}) exits with 127`, async () => {
    using dir = new TempDir();
    const { code, stderr } = await handoff(["run", dir.path, "--", command]);
    assertEquals({ code, stderr }, { code: 127, stderr: `handoff: Cannot run ${command}: command not found\n` });
  });
}

claim("run reports a lost lock on standard error while the command goes on", async () => {
  using dir = new TempDir();
  using logs = new TempDir();
  const log = logs.join("stderr");
  const prefix = ["sh", "-c", `exec "$@" 2>${log}`, "sh"];
  await using running = startHandoff(["run", dir.path, "--", ...commandLine("signalled.ts")], { prefix });
  await running.next();
  Deno.removeSync(dir.join(".handoff.lock"));
  await eventually(() => {
    assertMatch(
      Deno.readTextFileSync(log),
      /^handoff: .*\.handoff\.lock was deleted or moved away\. Stop writing at once/,
    );
  });
  running.kill("SIGUSR2");
  assertEquals(await inTime(running.next()), { event: "signal", signal: "SIGUSR2" });
  assertEquals((await running.end()).code, 0);
});

claim("run --kill-on-loss kills the command when the lock is lost, and says so", async () => {
  using dir = new TempDir();
  await using running = startHandoff(["run", "--kill-on-loss", dir.path, "--", ...commandLine("signalled.ts")]);
  const { pid } = await running.next();
  Deno.renameSync(dir.join(".handoff.lock"), dir.join("moved"));
  assertEquals((await inTime(running.status)).code, 137);
  assertMatch(await running.stderr, new RegExp(`deleted or moved away.*\nhandoff: killing process ${pid}\n`));
});

claim("as PID 1, run reaps the processes that the command left behind, and has the command's exit code", async () => {
  using dir = new TempDir();
  const prefix = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
  // It ends after its parent has; the process of an orphan that is not reaped stays for ever.
  const [orphan, go] = [dir.join("orphan"), dir.join("go")];
  const script = `(sh -c 'until [ -e ${go} ]; do sleep 0.1; done' & echo $! > ${orphan}); touch ${go}
    while [ -e /proc/$(cat ${orphan}) ]; do sleep 0.1; done; exit 3`;
  assertEquals((await inTime(handoff(["run", dir.join("data"), "--", "sh", "-c", script], { prefix }))).code, 3);
}, { needs: ["linux", "pid namespace"] });

for (
  const [what, closing, free] of [
    ["has the descriptor still", "", false],
    ["closed the descriptors it does not know", "os.closerange(3, 1024);", true],
  ] as const
) {
  claim(`a command that ${what} ${free ? "does not hold" : "holds"} DIR when run is killed`, async () => {
    using dir = new TempDir();
    const program = `import os, sys; ${closing} print('{"event":"ready"}', flush=True); sys.stdin.read()`;
    await using running = startHandoff(["run", dir.path, "--", "python3", "-c", program]);
    await running.next();
    assertEquals(isFree(dir.path), false);
    await running.killed();
    if (free) await untilFree(dir.path);
    else assertEquals(isFree(dir.path), false);
  }, { needs: ["python3"] });
}
