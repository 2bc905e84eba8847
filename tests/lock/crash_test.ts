import { assertArrayIncludes, assertEquals } from "@std/assert";
import { DataDirLock } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { allStarted } from "../support/all_started.ts";
import { claim } from "../support/claim.ts";
import { dataFiles, leaveStale, STALE } from "../support/data_files.ts";
import { TempDir } from "../support/temp_dir.ts";
import { type SystemCall, Tracer, TRACING } from "../support/tracer.ts";

/** What a crash may find: `prepare` makes it, below a folder that exists. */
const STARTS: Readonly<Record<string, (dataDir: string) => void>> = {
  "where there was no directory": () => {},
  "where another had crashed before": (dataDir) => {
    Deno.mkdirSync(dataDir);
    leaveStale(dataDir);
    Deno.writeTextFileSync(`${dataDir}/.handoff.pidfile.tmp`, "1");
  },
};

for (const [acquire, release] of [["acquire", "release"], ["acquireSync", "releaseSync"]]) {
  for (const [where, prepare] of Object.entries(STARTS)) {
    claim(`killed at any system call of ${acquire}() or ${release}(), ${where}, a process hinders nobody`, async () => {
      const commands = `${acquire}\n${release}`;
      const calls = await undisturbed(commands, prepare);
      assertEquals(STEPS.filter((step) => !calls.some(({ name }) => name.includes(step))), []);
      const states = calls.filter((_, index) => index === 0 || !LOOKS.has(calls[index - 1].name));
      await inLanes(states, (call) => crash(commands, prepare, call));
    }, { needs: TRACING });
  }
}

/** What acquiring and releasing takes at the least: a trace without one of these has seen too little. */
const STEPS = ["open", "flock", "write", "fsync", "close", "rename", "unlink"];

/** Calls that change nothing: killed at the next one, a process leaves what it would have left at this one. */
const LOOKS = new Set(["access", "fcntl", "fstatfs", "pread64", "statx"]);

/** All system calls about the data directory, of a process that nobody kills. */
async function undisturbed(commands: string, prepare: (dataDir: string) => void): Promise<SystemCall[]> {
  using dir = new TempDir();
  const dataDir = dir.join("data");
  prepare(dataDir);
  await using process = new Child("holder.ts", { args: [dataDir] });
  await allStarted([process]);
  await using tracer = await Tracer.attach(process.pid, { files: dataFiles(dataDir) });
  await process.send(commands);
  await process.end();
  return tracer.calls.map((call) => ({ ...call, file: call.file.slice(dataDir.length) }));
}

/** Kills a process as it enters the call, and has another one take over. */
async function crash(
  commands: string,
  prepare: (dataDir: string) => void,
  { name, file, nth }: SystemCall,
): Promise<void> {
  using dir = new TempDir();
  const dataDir = dir.join("data");
  prepare(dataDir);
  await using victim = new Child("holder.ts", { args: [dataDir] });
  await allStarted([victim]);
  const inject = `${name}:signal=SIGKILL:when=${nth}`;
  await using _tracer = await Tracer.attach(victim.pid, { files: [dataDir + file], inject });
  await victim.send(commands);
  const when = `killed at ${name} of "data${file}", for the ${nth}. time`;
  assertEquals((await victim.end()).signal, "SIGKILL", `not ${when}`);
  assertArrayIncludes([undefined, STALE, `${victim.pid}\n`], [pidfile(dataDir)], when);
  {
    using _lock = DataDirLock.acquireSync(dataDir);
    assertEquals(pidfile(dataDir), `${Deno.pid}\n`, when);
  }
  assertEquals(dir.entries(dataDir), [".handoff.lock"], when);
}

function pidfile(dataDir: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${dataDir}/.handoff.pidfile`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** How many processes are started at the same time; more would only wait for each other. */
const LANES = 2;

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
