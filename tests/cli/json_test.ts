import { assert, assertEquals } from "@std/assert";
import { Child, commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { deadPid } from "../support/dead_pid.ts";
import { foreignProcess } from "../support/foreign_holder.ts";
import { handoff, startHandoff } from "../support/command.ts";
import { holding } from "../support/holding.ts";
import { TempDir } from "../support/temp_dir.ts";
import { untilWatching } from "../support/watching.ts";

claim("status --json of a free directory", async () => {
  using dir = new TempDir();
  const { source: _, ...report } = await json(dir);
  assertEquals(report, {
    dataDir: dir.path,
    held: false,
    holder: { liveness: "unknown", self: false },
    pidfile: "missing",
    exists: true,
    safeToStart: true,
    stalePidfile: false,
  });
});

claim("status --json of a directory that does not exist", async () => {
  using dir = new TempDir();
  const { exists, held, safeToStart } = await json(dir, "none");
  assertEquals({ exists, held, safeToStart }, { exists: false, held: false, safeToStart: true });
});

claim("status --json of a stale pidfile", async () => {
  using dir = new TempDir();
  const dead = await deadPid();
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), `${dead}\n`);
  const { held, safeToStart, stalePidfile, holder } = await json(dir);
  assertEquals({ held, safeToStart, stalePidfile }, { held: false, safeToStart: true, stalePidfile: true });
  assertEquals(holder, { pid: dead, liveness: "dead", self: false });
});

claim("status --json of a held directory: its holder, and the command line", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  // Where the kernel names another device than the file's, as on some filesystems, it is asked in another way.
  const { heldSince: _, startedAt: __, source: ___, kernelPid: ____, ...report } = await json(dir);
  assertEquals(report, {
    dataDir: dir.path,
    held: true,
    holder: { pid: holder.pid, liveness: "alive", self: false },
    pidfile: "present",
    exists: true,
    safeToStart: false,
    stalePidfile: false,
    ...Deno.build.os === "linux" && { seenHolding: true },
    command: commandLine("holder.ts", { args: [dir.path] }),
  });
});

claim("status --json reports when the lock was taken", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path] });
  await holder.ask("release");
  const before = fileTime(dir.join("before"));
  await holder.ask("acquire");
  const after = fileTime(dir.join("after"));
  const since = Date.parse((await json(dir)).heldSince as string);
  assert(before <= since && since <= after, `${before} <= ${since} <= ${after}`);
}, { needs: ["linux"] });

claim("status --json reports when the holder was started", async () => {
  using dir = new TempDir();
  const before = Date.now() - GRAIN;
  await using _holder = await holding(dir);
  const after = Date.now() + GRAIN;
  const started = Date.parse((await json(dir)).startedAt as string);
  assert(before <= started && started <= after, `${before} <= ${started} <= ${after}`);
});

claim("status --json of a lock that another program has: the process that has it", async () => {
  using dir = new TempDir();
  await using holder = await foreignProcess(dir.path, { pidfile: `${Deno.ppid}\n` });
  const { stalePidfile, heldSince, descriptorHolders } = await json(dir);
  assertEquals({ stalePidfile, heldSince }, { stalePidfile: true, heldSince: undefined });
  assertEquals(withoutCommands(descriptorHolders), [{ pid: holder.pid }]);
});

claim("status --json does not list waiters as holders", async () => {
  using dir = new TempDir();
  await using holder = await foreignProcess(dir.path);
  await using waiting = startHandoff(["run", "--wait", dir.path, "--", "true"]);
  await untilWatching(waiting.pid, dir.path);
  const { descriptorHolders } = await json(dir);
  assertEquals(withoutCommands(descriptorHolders), [{ pid: holder.pid }]);
});

claim("status --json does not take the holders of another directory for holders", async () => {
  using dir = new TempDir();
  using other = new TempDir();
  await using holder = await foreignProcess(dir.path);
  await using stranger = new Child("holder.ts", { args: [other.path] });
  await stranger.ask("acquire");
  const { descriptorHolders } = await json(dir);
  assertEquals(withoutCommands(descriptorHolders), [{ pid: holder.pid }]);
});

claim("status --json names no holder beside the one in the pidfile, while others wait", async () => {
  using dir = new TempDir();
  await using _holder = await holding(dir);
  await using waiting = startHandoff(["run", "--wait", dir.path, "--", "true"]);
  await untilWatching(waiting.pid, dir.path);
  assertEquals((await json(dir)).descriptorHolders, undefined);
});

/** The kernel tells its own start in whole seconds, and that of a process in ticks after it: milliseconds. */
const GRAIN = 1_000 + 10;

/** The time now, by the clock that files get theirs from, which is behind others on a busy machine. */
function fileTime(path: string): number {
  Deno.writeTextFileSync(path, "");
  return Number(Deno.statSync(path).mtime);
}

/** The one line that `status --json` writes. */
async function json(dir: TempDir, name?: string): Promise<Record<string, unknown>> {
  const path = name === undefined ? dir.path : dir.join(name);
  const { stdout } = await handoff(["status", "--json", path]);
  assertEquals(stdout.match(/\n/g)?.length, 1);
  return JSON.parse(stdout);
}

function withoutCommands(holders: unknown): unknown[] {
  return (holders as Record<string, unknown>[]).map(({ command: _, ...holder }) => holder);
}
