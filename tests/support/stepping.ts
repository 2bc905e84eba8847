import { allStarted } from "./all_started.ts";
import { Child } from "./child.ts";
import { dataFiles } from "./data_files.ts";
import { eventually } from "./patience.ts";
import { Tracer } from "./tracer.ts";

/** What a process has done to a data directory so far, by what the kernel answered it. */
export interface Progress {
  readonly pid: number;
  /** Its last system call. */
  readonly call: string;
  /** Whether the flock of the lockfile is its own. */
  readonly locked: boolean;
  /** Whether its pidfile stands. */
  readonly named: boolean;
}

/**
 * Runs the commands in a process of `holder.ts` that stands still after each of its system calls about the data
 * directory, for as long as it takes to look at it.
 */
export async function* steps(dataDir: string, commands: readonly string[]): AsyncGenerator<Progress> {
  await using process = new Child("holder.ts", { args: [dataDir] });
  await allStarted([process]);
  await using tracer = await Tracer.attach(process.pid, { files: dataFiles(dataDir), inject: "all:signal=SIGSTOP" });
  await process.send(commands.join("\n"));
  let done = false;
  const ending = reports(process, commands.length).finally(() => done = true);
  // Who looks may have seen enough before the end, and then the process is killed.
  ending.catch(() => {});
  for (let stops = 1; await stopped(tracer, stops, () => done); stops++) {
    yield progress(process.pid, tracer.lines);
    process.kill("SIGCONT");
  }
  await ending;
}

async function reports(process: Child, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { event, message } = await process.next();
    if (event === "refused") throw new Error(message);
  }
}

/** Waits until the process is stopped for the `nth` time; false when it has come to the end instead. */
function stopped(tracer: Tracer, nth: number, done: () => boolean): Promise<boolean> {
  return eventually(() => {
    if (done()) return false;
    const signals = tracer.lines.flatMap((line, at) => line.includes("--- SIGSTOP {") ? [at] : []);
    const last = signals.length === nth ? signals[nth - 1] : Infinity;
    if (tracer.lines.slice(last).some((line) => line.includes("--- stopped by SIGSTOP ---"))) return true;
    throw new Error(`Neither stopped for the ${nth}. time nor done`);
  });
}

function progress(pid: number, lines: readonly string[]): Progress {
  const calls = lines.filter((line) => /^\d+ +\w+\(/.test(line));
  const flocks = calls.filter((line) => /\bflock\(.*= 0$/.test(line));
  const namings = calls.filter((line) => /\b(rename|unlink)\w*\(.*\.pidfile".*= 0$/.test(line));
  return {
    pid,
    call: calls.at(-1) ?? "none",
    locked: flocks.at(-1)?.includes("LOCK_EX") ?? false,
    named: namings.at(-1)?.includes("rename") ?? false,
  };
}
