import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { PASSED_ON } from "../programs/passed_on.ts";
import { Child, commandLine, type Report } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { handoffLine, startHandoff } from "../support/command.ts";
import { eventually, inTime, until } from "../support/patience.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";
import { Terminal } from "../support/terminal.ts";

claim("run passes each signal that can be caught on to the command, once", async () => {
  using dir = new TempDir();
  await using running = startHandoff(["run", dir.path, "--", ...commandLine("signalled.ts")]);
  await running.next();
  for (const signal of PASSED_ON) {
    running.kill(signal);
    assertEquals(await inTime(running.next()), { event: "signal", signal });
    // One that came twice would come before the next one.
    const next = signal === "SIGTERM" ? "SIGHUP" : "SIGTERM";
    running.kill(next);
    assertEquals(await inTime(running.next()), { event: "signal", signal: next });
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  claim(`run goes on holding until the command has dealt with ${signal}`, async () => {
    using dir = new TempDir();
    await using running = startHandoff(["run", dir.path, "--", ...commandLine("signalled.ts")]);
    await running.next();
    running.kill(signal);
    await inTime(running.next());
    assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
    assertEquals((await running.end()).code, 0);
    assertEquals(dir.entries(), [".handoff.lock"]);
  });
}

claim("run exits with 143 when a SIGTERM that it passes on ends the command", async () => {
  using dir = new TempDir();
  await using running = startHandoff(["run", dir.path, "--", "sh", "-c", `echo '{"event":"ready"}'; exec cat`]);
  await running.next();
  running.kill("SIGTERM");
  const { code, signal } = await inTime(running.status);
  assertEquals({ code, signal }, { code: 143, signal: null });
});

for (const [key, typed, signal] of [["Ctrl-C", "\x03", "SIGINT"], ["Ctrl-\\", "\x1c", "SIGQUIT"]] as const) {
  for (const [where, redirection] of [["on it", ""], ["elsewhere", "</dev/null >/dev/null 2>&1"]] as const) {
    claim(
      `a command in the foreground of a terminal gets a ${key} once, with the streams of run ${where}`,
      async () => {
        using dir = new TempDir();
        await using terminal = new Terminal(["sh", "-c", `exec 3<&0; exec ${counting(dir)} ${redirection}`]);
        const { parent } = await reported(dir, 0);
        await terminal.type(typed);
        assertEquals(await reported(dir, 1), { event: "signal", signal, sender: 0 });
        // One by one: signals that come together are passed on in any order.
        for (const [index, next] of (["SIGUSR2", "SIGALRM", "SIGTERM"] as const).entries()) {
          Deno.kill(parent, next);
          assertEquals(await reported(dir, 2 + index), { event: "signal", signal: next, sender: parent });
        }
        await terminal.ended();
      },
      { needs: ["python3"] },
    );
  }
}

claim("a command in the background of a terminal gets the SIGINT that run is sent", async () => {
  using dir = new TempDir();
  using _input = inputOf(dir);
  // A read from the terminal would stop it, in the background.
  const script = `set -m; exec 3<${dir.join("input")}; ${counting(dir)} & wait`;
  await using terminal = new Terminal(["sh", "-c", script]);
  const { parent } = await reported(dir, 0);
  Deno.kill(parent, "SIGINT");
  assertEquals(await reported(dir, 1), { event: "signal", signal: "SIGINT", sender: parent });
  Deno.kill(parent, "SIGTERM");
  await terminal.ended();
}, { needs: ["python3"] });

for (
  const [who, shell, sender] of [
    ["by itself, when it does not lead the session", "", "kernel"],
    ["from run, when run leads the session", "exec", "run"],
  ] as const
) {
  claim(`a command has the SIGHUP of a terminal that goes away once: ${who}`, async () => {
    using dir = new TempDir();
    using _input = inputOf(dir);
    const script = `exec 3<${dir.join("input")}; ${shell} ${counting(dir)}; true`;
    await using terminal = new Terminal(["sh", "-c", script]);
    const { parent } = await reported(dir, 0);
    await terminal[Symbol.asyncDispose]();
    const expected = { event: "signal", signal: "SIGHUP", sender: sender === "run" ? parent : 0 };
    await until(() => reports(dir).some(({ signal }) => signal === "SIGHUP"), "the command has a SIGHUP");
    await until(() => reports(dir).some(({ signal }) => signal === "SIGCONT"), "the command has a SIGCONT");
    for (const next of ["SIGUSR2", "SIGALRM", "SIGHUP", "SIGTERM"] as const) {
      Deno.kill(parent, next);
      await until(() => reports(dir).at(-1)?.signal === next, `the command has a ${next}`);
    }
    const hangups = reports(dir).filter(({ signal }) => signal === "SIGHUP");
    assertEquals(hangups, [expected, { ...expected, sender: parent }]);
    assertEquals(reports(dir).filter(({ signal }) => signal === "SIGCONT").length, 1);
  }, { needs: ["linux", "python3"] });
}

claim("a stop and a continue reach the command, and stop and continue run itself", async () => {
  using dir = new TempDir();
  // In a group of its own, whose parent is in another one of the session: only such a group can be stopped.
  // Of Python, since the job control of sh may need a terminal.
  const program = "import os, subprocess, sys; subprocess.run(sys.argv[1:], preexec_fn=os.setpgrp)";
  const prefix = ["python3", "-c", program];
  await using shell = startHandoff(["run", dir.path, "--", ...commandLine("signalled.ts")], { prefix });
  const { pid, parent } = await shell.next();
  Deno.kill(parent, "SIGTSTP");
  for (const process of [pid, parent]) await until(() => stateOf(process) === "T", `process ${process} is stopped`);
  Deno.kill(parent, "SIGCONT");
  assertEquals(await inTime(shell.next()), { event: "signal", signal: "SIGCONT" });
  Deno.kill(parent, "SIGTERM");
  assertEquals(await inTime(shell.next()), { event: "signal", signal: "SIGTERM" });
}, { needs: ["linux", "python3"] });

claim("the debugger that the runtime opens for a SIGUSR1 is closed again", async () => {
  await using debugged = new Child("debugged.ts");
  assertEquals((await debugged.next()).event, "opened");
  assertEquals((await debugged.next()).event, "closed");
});

/** As a shell takes it. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

const COUNTER = fromFileUrl(new URL("../programs/signal_counter.py", import.meta.url));

/** The command line, for a shell, of a run whose command reports the signals it gets; its input is descriptor 3. */
function counting(dir: TempDir): string {
  const command = ["sh", "-c", `exec python3 ${COUNTER} ${dir.join("reports")} <&3`];
  return quoted(handoffLine(["run", dir.join("data"), "--", ...command]));
}

/** What the command of {@linkcode counting} reads, and ends with. */
function inputOf(dir: TempDir): Disposable {
  run("mkfifo", dir.join("input"));
  return Deno.openSync(dir.join("input"), { read: true, write: true });
}

/** A report of the command of {@linkcode counting}, as soon as it is there. */
async function reported(dir: TempDir, index: number) {
  return await eventually(() => JSON.parse(Deno.readTextFileSync(dir.join("reports")).split("\n")[index]));
}

function reports(dir: TempDir): Report[] {
  return Deno.readTextFileSync(dir.join("reports")).trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** The state of a process, as ps(1) has it. */
function stateOf(pid: number): string {
  return Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1][0];
}
