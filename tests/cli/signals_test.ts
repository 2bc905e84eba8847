import { assertEquals } from "@std/assert";
import { commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { handoffLine, startHandoff } from "../support/command.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";
import { Terminal } from "../support/terminal.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  claim(`run passes ${signal} on to the command`, async () => {
    using dir = new TempDir();
    await using running = startHandoff(["run", dir.path, "--", ...commandLine("signalled.ts")]);
    await running.next();
    running.kill(signal);
    assertEquals(await inTime(running.next()), { event: "signal", signal });
  });

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

claim("a command on a terminal gets the SIGINT of a Ctrl-C once", async () => {
  using dir = new TempDir();
  const command = commandLine("signalled.ts", { args: ["SIGTERM"] });
  await using terminal = new Terminal(handoffLine(["run", dir.path, "--", ...command]));
  const [, parent] = /"parent":(\d+)/.exec(await terminal.shows('"ready"')) ?? [];
  await terminal.type("\x03");
  await terminal.shows('"SIGINT"');
  // What run passes on, it passes on in order.
  Deno.kill(Number(parent), "SIGTERM");
  assertEquals((await terminal.ended()).match(/"signal":"SIG\w+"/g), ['"signal":"SIGINT"', '"signal":"SIGTERM"']);
}, { needs: ["python3"] });
