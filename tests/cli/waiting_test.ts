import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Child, commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { snapshot } from "../support/disk.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { handoff, startHandoff } from "../support/command.ts";
import { holding } from "../support/holding.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";
import { untilWatching } from "../support/watching.ts";

claim("run --wait runs the command when the holder has released", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  await using running = startHandoff(["run", "--wait", dir.path, "--", ...commandLine("signalled.ts")]);
  await untilWatching(running.pid, dir.path);
  await holder.ask("release");
  assertEquals((await inTime(running.next())).event, "ready");
});

claim("run --wait --break-stale runs the command when the holder has been killed", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  const args = ["run", "--wait", "--break-stale", dir.path, "--", ...commandLine("signalled.ts")];
  await using running = startHandoff(args);
  await untilWatching(running.pid, dir.path);
  await holder.killed();
  assertEquals((await inTime(running.next())).event, "ready");
});

for (const seconds of ["0", "0.05"]) {
  claim(`run --wait=${seconds} exits with 75 when the time is up, and runs nothing`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path);
    const { code, stdout } = await inTime(handoff(["run", `--wait=${seconds}`, dir.path, "--", "echo", "ran"]));
    assertEquals({ code, stdout }, { code: 75, stdout: "" });
  });
}

claim("run --wait=0.05 tells for how long it has waited", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  const { stderr } = await inTime(handoff(["run", "--wait=0.05", dir.path, "--", "true"]));
  const [, waited] = /after waiting (\d+) ms/.exec(stderr) ?? [];
  assertEquals(Number(waited) >= 50, true, stderr);
});

const INTERRUPTIONS = [["SIGHUP", 129], ["SIGINT", 130], ["SIGQUIT", 131], ["SIGUSR2", 140], ["SIGTERM", 143]] as const;

for (const [signal, code] of INTERRUPTIONS) {
  claim(`${signal} ends a run that waits with ${code}, and nothing is run or left behind`, async () => {
    using dir = new TempDir();
    await using _holder = await holding(dir);
    const before = snapshot(dir.path);
    await using running = startHandoff(["run", "--wait", dir.path, "--", "touch", dir.join("ran")]);
    await untilWatching(running.pid, dir.path);
    running.kill(signal);
    assertEquals(await end(running), { code, signal: null });
    assertEquals(snapshot(dir.path), before);
  });

  claim(`${signal} ends a wait with ${code}`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path);
    await using waiting = startHandoff(["wait", dir.path]);
    await untilWatching(waiting.pid, dir.path);
    waiting.kill(signal);
    assertEquals(await end(waiting), { code, signal: null });
  });
}

for (const args of [["wait"], ["run", "--wait"]]) {
  claim(`without a terminal, ${args.join(" ")} tells in one line, when it starts to wait, for whom`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    const command = args[0] === "run" ? ["--", "true"] : [];
    await using waiting = startHandoff([...args, dir.path, ...command]);
    await untilWatching(waiting.pid, dir.path);
    await holder.ask("release");
    assertEquals((await inTime(waiting.status)).code, 0);
    const [line, ...rest] = (await waiting.stderr).split("\n");
    assertStringIncludes(line, `handoff: waiting for process ${holder.pid}: ${Deno.execPath()} run `);
    assertEquals(rest, [""]);
  });

  claim(`${args.join(" ")} of a free directory says nothing`, async () => {
    using dir = new TempDir();
    const command = args[0] === "run" ? ["--", "true"] : [];
    assertEquals(await handoff([...args, dir.path, ...command]), { code: 0, stdout: "", stderr: "" });
  });
}

claim("a wait goes on after signals that end no process", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  await using waiting = startHandoff(["wait", dir.path]);
  await untilWatching(waiting.pid, dir.path);
  for (const signal of ["SIGCONT", "SIGWINCH", "SIGURG"] as const) waiting.kill(signal);
  await holder.ask("release");
  assertEquals(await end(waiting), { code: 0, signal: null });
});

claim("wait goes on until the holder has released", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  await using waiting = startHandoff(["wait", dir.path]);
  await untilWatching(waiting.pid, dir.path);
  await holder.ask("release");
  assertEquals((await inTime(waiting.status)).code, 0);
});

claim("wait exits with 0 when the holder has been killed", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  await using waiting = startHandoff(["wait", dir.path]);
  await untilWatching(waiting.pid, dir.path);
  await holder.killed();
  assertEquals((await inTime(waiting.status)).code, 0);
});

for (const seconds of ["0", "0.05"]) {
  claim(`wait --timeout=${seconds} exits with 75 while the directory is held, and names the holder`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    const { code, stderr } = await inTime(handoff(["wait", `--timeout=${seconds}`, dir.path]));
    assertEquals(code, 75);
    assertStringIncludes(stderr, `handoff: Cannot wait any longer for "${dir.path}": `);
    assertStringIncludes(stderr, `names process ${holder.pid}, and a process ${holder.pid} is alive`);
  });
}

claim("a directory that does not exist is free to wait, which does not create it", async () => {
  using dir = new TempDir();
  assertEquals((await handoff(["wait", dir.join("none")])).code, 0);
  assertEquals(dir.entries(), []);
});

claim("wait leaves the directory as it is", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path, { pidfile: "garbage" });
  const before = snapshot(dir.path);
  await handoff(["wait", "--timeout=0.05", dir.path]);
  assertEquals(snapshot(dir.path), before);
});

claim("wait takes no lock while it waits", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  await using waiting = startHandoff(["wait", dir.path]);
  await untilWatching(waiting.pid, dir.path);
  const open = [...Deno.readDirSync(`/proc/${waiting.pid}/fd`)].map(({ name }) => target(waiting.pid, name));
  assertEquals(open.filter((path) => path?.startsWith(dir.path)), []);
});

claim("wait needs no permission but for ffi and to read the directory", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  const permissions = ["--allow-ffi", `--allow-read=${dir.path}`];
  assertEquals((await inTime(handoff(["wait", "--timeout=0.05", dir.path], { permissions }))).code, 75);
});

/** How a process ends by itself. */
async function end(process: Child): Promise<{ code: number; signal: Deno.Signal | null }> {
  const { code, signal } = await inTime(process.status);
  return { code, signal };
}

function target(pid: number, fd: string): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}
