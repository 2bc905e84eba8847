import { fromFileUrl } from "@std/path";
import { checkEntries, readEntries } from "../load/check_entries.ts";
import { freePort, Supervised } from "../load/supervised.ts";
import type { Random } from "../random.ts";
import { checkWriters } from "./check.ts";
import { type Experience, patronize } from "./patrons.ts";
import { readRecord, TortureRecord } from "./record.ts";

/** How much there is to do. */
export interface TortureOptions {
  readonly dir: string;
  readonly random: Random;
  /** How many upgrades have to commit, and how many processes have to be killed, before it ends. */
  readonly upgrades: number;
  readonly kills: number;
  readonly onEvent?: (line: string) => void;
}

/** What came of it. */
export interface TortureOutcome {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly failed: number;
}

const DAEMON = fromFileUrl(new URL("./tortured_daemon.ts", import.meta.url));
const FAULTS = ["throws", "exits", "unhealthy"] as const;
/** How long nobody may answer, in milliseconds: far longer than any time-out of the handoff, for a busy machine. */
const PATIENCE = 120_000;
/** How many clients there are, and how long each thinks. */
const THINK_TIMES = [0, 2, 10, 50, 200];

type Role = "supervisor" | "incumbent" | "successor";

/** Drives one torture: what happens follows from the seed, when it happens is up to the machine. */
export class Driver {
  readonly #options: TortureOptions;
  readonly #recordPath: string;
  readonly #record: TortureRecord;
  readonly #address: { hostname: string; port: number };
  readonly #supervised: Supervised;
  readonly #experience: Experience = { requests: [], refused: [] };
  readonly #violations: string[] = [];
  readonly #counts: { [event: string]: number } = {};
  /** When supervisor and daemon were dead at the same time: nobody can have the listener then. */
  readonly #nobody: { from: number; to: number }[] = [];

  constructor(options: TortureOptions) {
    this.#options = options;
    this.#recordPath = `${options.dir}/record`;
    this.#record = new TortureRecord(this.#recordPath);
    this.#address = { hostname: "127.0.0.1", port: freePort() };
    this.#supervised = new Supervised({
      dataDir: this.#dataDir,
      listeners: { http: `127.0.0.1:${this.#address.port}` },
      program: this.#program(),
      flags: ["--max-restarts", "1000"],
    });
  }

  async run(): Promise<TortureOutcome> {
    await this.#servingPid();
    const stop = new AbortController();
    const clients = THINK_TIMES.map((thinkMs, i) =>
      patronize(
        { name: `patron${i}`, address: this.#address, thinkMs, experience: this.#experience },
        stop.signal,
      )
    );
    while (this.#count("committed") < this.#options.upgrades || this.#count("killed") < this.#options.kills) {
      await this.#step();
      await this.#servingPid();
    }
    stop.abort();
    await Promise.all(clients);
    await this.#end();
    return {
      violations: this.#violations,
      counts: this.#counts,
      requests: this.#experience.requests.length,
      failed: this.#experience.requests.filter(({ failure }) => failure !== undefined).length,
    };
  }

  get #dataDir(): string {
    return `${this.#options.dir}/data`;
  }

  #program(fault?: string): string[] {
    return [DAEMON, this.#dataDir, this.#recordPath, ...(fault === undefined ? [] : [fault])];
  }

  async #step(): Promise<void> {
    const { random } = this.#options;
    const [action] = [
      random.pick([
        () => this.#upgrade(),
        () => this.#upgrade(),
        () => this.#upgrade(),
        () => this.#upgradeDisturbed(),
        () => this.#upgradeDisturbed(),
        () => this.#brokenUpgrade(),
        //        () => this.#rollback(),
        () => this.#killDaemon(),
        () => this.#killSupervisor(),
        () => this.#killBoth(),
        () => this.#stopAndStart(),
      ]),
    ];
    await action!();
  }

  async #upgrade(): Promise<void> {
    const before = await this.#servingPid();
    const { code, output } = await this.#supervised.handoff("upgrade", { program: this.#program() });
    this.#note(`upgrade: ${code}`);
    if (code !== 0) return this.#violate(`an undisturbed upgrade exited with ${code}: ${output}`);
    this.#add("committed");
    if (await this.#servingPid() === before) this.#violate("an upgrade exited with 0, and the old daemon serves");
  }

  async #brokenUpgrade(): Promise<void> {
    const fault = this.#options.random.pick(FAULTS);
    const before = await this.#servingPid();
    const { code, output } = await this.#supervised.handoff("upgrade", { program: this.#program(fault) });
    this.#note(`upgrade to one that ${fault}: ${code}`);
    if (code !== 1) this.#violate(`an upgrade to a daemon that ${fault} exited with ${code}: ${output}`);
    if (await this.#servingPid() !== before) this.#violate(`after one that ${fault}, the old daemon does not serve`);
    this.#add("rolled back");
  }

  async #rollback(): Promise<void> {
    const { code, output } = await this.#supervised.handoff("rollback");
    this.#note(`rollback: ${code}`);
    if (code === 0) this.#add("committed");
    else if (this.#count("committed") > 0) this.#violate(`an undisturbed rollback exited with ${code}: ${output}`);
  }

  /** An upgrade in which one of the three is killed, or stopped for a while, at some moment. */
  async #upgradeDisturbed(): Promise<void> {
    const { random } = this.#options;
    const role = random.pick<Role>(["supervisor", "incumbent", "successor"]);
    const kill = random.below(3) > 0;
    const incumbent = await this.#servingPid();
    const started = this.#starts().length;
    const upgrade = this.#supervised.handoff("upgrade", { program: this.#program() });
    // Most of what an upgrade does, it does after its successor has started.
    if (role !== "supervisor" || random.below(2) === 0) {
      await Promise.race([until(() => this.#starts().length > started), upgrade]);
    }
    await sleep(random.milliseconds(150));
    const pid = { supervisor: this.#supervised.pid, incumbent, successor: this.#starts().at(-1)! }[role];
    this.#note(`${kill ? "kill" : "stop"} the ${role} ${pid} in an upgrade`);
    if (kill) this.#kill(pid);
    else await this.#pause(pid, random.milliseconds(1_500));
    if (role === "supervisor" && kill) await this.#restartSupervisor();
    const { code } = await upgrade;
    this.#note(`disturbed upgrade: ${code}`);
    this.#add(`disturbed, exit ${code}`);
    if (code === 0) this.#add("committed");
  }

  async #killDaemon(): Promise<void> {
    const pid = await this.#servingPid();
    this.#note(`kill the daemon ${pid}`);
    this.#kill(pid);
  }

  async #killSupervisor(): Promise<void> {
    const before = await this.#servingPid();
    this.#note(`kill the supervisor ${this.#supervised.pid}`);
    this.#kill(this.#supervised.pid);
    await this.#restartSupervisor();
    if (await this.#servingPid() !== before) this.#violate("a new supervisor did not adopt the daemon that served");
  }

  async #killBoth(): Promise<void> {
    const pid = await this.#servingPid();
    this.#note(`kill supervisor and daemon ${pid}`);
    const from = now();
    this.#kill(this.#supervised.pid);
    this.#kill(pid);
    await this.#restartSupervisor();
    await this.#servingPid();
    this.#nobody.push({ from, to: now() });
  }

  async #stopAndStart(): Promise<void> {
    this.#note("stop, and start again");
    const from = now();
    const { code, output } = await this.#supervised.handoff("stop");
    if (code !== 0) this.#violate(`stop exited with ${code}: ${output}`);
    await this.#restartSupervisor();
    await this.#servingPid();
    this.#nobody.push({ from, to: now() });
  }

  /** Until the new one can be asked, so that the next command finds it. */
  async #restartSupervisor(): Promise<void> {
    await this.#supervised.restart();
    await until(async () => {
      const { code, output } = await this.#supervised.handoff("status", { flags: ["--json"] });
      return (code === 0 || code === 75) && output.includes(`${this.#supervised.pid}`);
    });
  }

  #kill(pid: number): void {
    this.#add("killed");
    signal(pid, "SIGKILL");
  }

  async #pause(pid: number, ms: number): Promise<void> {
    this.#add("stopped");
    signal(pid, "SIGSTOP");
    await sleep(ms);
    signal(pid, "SIGCONT");
  }

  /** Who answers; a violation, and the end, when nobody does for long. */
  async #servingPid(): Promise<number> {
    const end = performance.now() + PATIENCE;
    while (performance.now() < end) {
      try {
        const response = await fetch(`http://127.0.0.1:${this.#address.port}/`, {
          headers: { connection: "close" },
          signal: AbortSignal.timeout(PATIENCE),
        });
        return (await response.json()).pid;
      } catch {
        await sleep(20);
      }
    }
    throw new Error(`nobody serves; violations so far: ${this.#violations.join("; ")}`);
  }

  async #end(): Promise<void> {
    const { code, output } = await this.#supervised.handoff("stop");
    if (code !== 0) this.#violate(`stop exited with ${code}: ${output}`);
    await this.#supervised.ended();
    for (const pid of this.#starts()) {
      if (commandLine(pid).includes(this.#recordPath)) this.#violate(`process ${pid} was left behind`);
    }
    for (const { name } of Deno.readDirSync(this.#dataDir)) {
      if (/tmp/.test(name)) this.#violate(`${name} was left behind`);
    }
    const { requests, refused } = this.#experience;
    for (const at of refused) {
      if (this.#nobody.some(({ from, to }) => at >= from && at <= to)) continue;
      this.#violate("a connection was refused");
    }
    this.#violations.push(...checkWriters(readRecord(this.#recordPath)));
    this.#violations.push(...checkEntries(readEntries(`${this.#dataDir}/journal.db`), requests));
    this.#record[Symbol.dispose]();
  }

  /** The daemons' pids, in the order in which they started. */
  #starts(): number[] {
    return readRecord(this.#recordPath).flatMap((entry) => entry.what === "start" ? [entry.pid] : []);
  }

  #note(did: string): void {
    this.#record.append({ what: "driver", did });
    this.#options.onEvent?.(did);
  }

  #violate(violation: string): void {
    this.#note(`VIOLATION: ${violation}`);
    this.#violations.push(violation);
  }

  #add(event: string): void {
    this.#counts[event] = this.#count(event) + 1;
  }

  #count(event: string): number {
    return this.#counts[event] ?? 0;
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`This did not come true: ${condition}`);
    await sleep(5);
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It has ended.
  }
}

function commandLine(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return "";
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
