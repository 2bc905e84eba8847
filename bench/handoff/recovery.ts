import { fromFileUrl } from "@std/path";
import { median } from "../statistics.ts";
import { PLACES } from "../places.ts";
import { freePort, Supervised } from "../../torture/load/supervised.ts";
import { phasesOf } from "./ours.ts";
import { answering, PeerProcess } from "./peer.ts";

const tmpfs = PLACES.find(({ name }) => name === "tmpfs");

/** What the supervisor and the handoff take beside a bare start of the program, in milliseconds and as ratios to it. */
export interface Recovery {
  /** From spawn to the first answer, of the same program without a supervisor. */
  readonly bareStartMs: number;
  /** `handoff upgrade` with nothing to drain: from the trigger to Commit, as it tells by `--json`. */
  readonly upgradeMs: number;
  readonly upgradeRatio: number;
  /** From SIGKILL of the daemon to the next answer: it is started again. */
  readonly killedIncumbentMs: number;
  readonly killedIncumbentRatio: number;
  /** From SIGKILL of a successor in its `open` to the next answer of the daemon that has its state back. */
  readonly killedSuccessorMs: number;
  readonly killedSuccessorRatio: number;
  /** Of the supervisor alone: resident memory in MiB, and processor time in per cent of a core over a minute. */
  readonly idleMemory: number;
  readonly idleProcessor: number;
}

const PROGRAMS = fromFileUrl(new URL("./programs/", import.meta.url));
const IMPORT_MAP = fromFileUrl(new URL("../../import_map.npm.json", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
/** Until what the runtime does after a start is over. */
const SETTLE_MS = 15_000;
const IDLE_MS = 60_000;

/** Measures each `rounds` times, and gives the medians. */
export async function measureRecovery(rounds: number): Promise<Recovery> {
  const dir = Deno.makeTempDirSync({ dir: tmpfs!.parent, prefix: "handoff-bench-" });
  try {
    const starts: number[] = [];
    for (let i = 0; i < rounds; i++) starts.push(await bareStart(dir));
    const port = freePort();
    await using supervised = new Supervised({
      dataDir: dir,
      listeners: { http: `127.0.0.1:${port}` },
      program: [`${PROGRAMS}hello_daemon.ts`, dir],
    });
    await answering(port);
    const [upgrades, incumbents, successors]: number[][] = [[], [], []];
    for (let i = 0; i < rounds; i++) {
      upgrades!.push(await upgrade(supervised));
      successors!.push(await killSuccessor(supervised, port));
      incumbents!.push(await killIncumbent(supervised, port));
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const before = processorMs(supervised.pid);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const idleProcessor = (processorMs(supervised.pid) - before) / IDLE_MS * 100;
    const bareStartMs = median(starts);
    return {
      bareStartMs,
      upgradeMs: median(upgrades!),
      upgradeRatio: median(upgrades!) / bareStartMs,
      killedIncumbentMs: median(incumbents!),
      killedIncumbentRatio: median(incumbents!) / bareStartMs,
      killedSuccessorMs: median(successors!),
      killedSuccessorRatio: median(successors!) / bareStartMs,
      idleMemory: memory(supervised.pid),
      idleProcessor,
    };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

async function bareStart(dir: string): Promise<number> {
  const port = freePort();
  const start = performance.now();
  const args = ["run", "--quiet", "--frozen", `--config=${CONFIG}`, `--import-map=${IMPORT_MAP}`, "-A"];
  await using _ = new PeerProcess(Deno.execPath(), [...args, `${PROGRAMS}hello_alone.ts`, String(port), dir]);
  await answering(port);
  return performance.now() - start;
}

async function upgrade(supervised: Supervised): Promise<number> {
  const { code, output } = await supervised.handoff("upgrade", { flags: ["--json"] });
  if (code !== 0) throw new Error(`upgrade exited with ${code}: ${output}`);
  return phasesOf(output).reduce((sum, { ms }) => sum + ms, 0);
}

async function killIncumbent({ dataDir }: Supervised, port: number): Promise<number> {
  const pid = Number(Deno.readTextFileSync(`${dataDir}/.handoff.pidfile`));
  const start = performance.now();
  Deno.kill(pid, "SIGKILL");
  await answering(port);
  return performance.now() - start;
}

/** The successor kills itself in `open`, and leaves the time in a file. */
async function killSuccessor(supervised: Supervised, port: number): Promise<number> {
  const file = `${supervised.dataDir}/died`;
  const upgrade = supervised.handoff("upgrade", {
    program: [`${PROGRAMS}hello_daemon.ts`, supervised.dataDir, "--die-in-open", file],
  });
  const died = await contentOf(file);
  await answering(port);
  const ms = performance.timeOrigin + performance.now() - died;
  Deno.removeSync(file);
  const { code, output } = await upgrade;
  if (code !== 1) throw new Error(`upgrade exited with ${code}: ${output}`);
  return ms;
}

/** The number in a file, once there is one. */
async function contentOf(file: string): Promise<number> {
  while (true) {
    try {
      const text = Deno.readTextFileSync(file);
      if (text !== "") return Number(text);
    } catch {
      // It is not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** `utime` and `stime` of proc_pid_stat(5), in ticks of 10 ms. */
function processorMs(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function memory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) / 1024;
}
