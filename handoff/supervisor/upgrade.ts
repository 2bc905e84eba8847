import type { Os } from "../os.ts";
import type { OutcomeEvent, PhaseTimes, TriggerEvent, UpgradeOutcome } from "../protocol/trigger.ts";
import { LONGEST_DEADLINE_MS } from "../timeouts.ts";
import { checkCommand } from "./access.ts";
import { replaceCold } from "./cold_upgrade.ts";
import type { SupervisorConfig } from "./config.ts";
import type { Daemon } from "./supervised_daemon.ts";
import { changedFixedKeys } from "./fixed_keys.ts";
import { settled } from "./hear.ts";
import type { LaunchedSuccessor, Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { ConnectionReports, observe } from "./observer.ts";
import { retire, soak } from "./soak.ts";
import type { Supervisor, Underway } from "./supervisor.ts";
import { swap, type SwapResult } from "./swap.ts";
import { describeFailure, SwapFailure } from "./swap_failure.ts";
import type { Incumbent, JournalKeeper } from "./swap_parties.ts";

/** What an upgrade is asked to be. */
export interface UpgradeOrder {
  /** What to run; by default the configured command. */
  readonly command?: readonly string[] | undefined;
  /** What identifies its build; that of the configuration belongs to the configured command alone. */
  readonly buildId?: string | undefined;
  /** Only another program, with the configured arguments. */
  readonly binary?: string | undefined;
  readonly deadlineMs?: number | undefined;
  readonly check?: boolean | undefined;
  /** Goes on although handlers of the incumbent do not settle. */
  readonly force?: boolean | undefined;
  readonly soakMs?: number | undefined;
}

/** What upgrades are made with. */
export interface UpgradeParts {
  readonly os: Os;
  readonly supervisor: Supervisor;
  readonly launcher: Launcher;
  readonly journal: JournalKeeper;
  readonly log: Log;
  /** The configuration at the start. */
  readonly config: SupervisorConfig;
  /** Reads the configuration again. */
  reload(): Promise<SupervisorConfig>;
}

/** How long an incumbent may take to serve again after a rollback, at least, in milliseconds. */
const RESUME_MS = 60_000;

/** How long a successor that failed its soak may take to drain, and to seal, in milliseconds. */
const RETIRE_MS = 5_000;

/** Makes the upgrades of a supervisor, one at a time. */
export class Upgrades {
  readonly #parts: UpgradeParts;

  constructor(parts: UpgradeParts) {
    this.#parts = parts;
  }

  /** Replaces the daemon; `report` is told of the phases. Never rejects. */
  async upgrade(order: UpgradeOrder, report: (event: TriggerEvent) => void = () => {}): Promise<OutcomeEvent> {
    const { supervisor, log } = this.#parts;
    if (supervisor.stopping.aborted) return outcome("nothing-begun", { reason: "the supervisor is stopping" });
    using underway = supervisor.enterUpgrade();
    if (underway === undefined) return outcome("busy", { reason: "another upgrade is under way" });
    try {
      const config = await this.#parts.reload();
      const keys = changedFixedKeys(this.#parts.config, config);
      if (keys.length > 0) {
        log("config-kept", {
          keys,
          message: `${keys.join(", ")}: another value counts once the supervisor is replaced`,
        });
      }
      const command = commandOf(order, config);
      const buildId = order.buildId ?? ((order.command ?? order.binary) === undefined ? config.buildId : undefined);
      checkCommand(command, config, Deno.env.get("PATH") ?? "");
      log("upgrade-begun", { handoffId: underway.handoffId, command, check: order.check, force: order.force });
      const deadlineMs = Math.min(order.deadlineMs ?? config.deadlineMs, LONGEST_DEADLINE_MS);
      const end = performance.now() + deadlineMs;
      return await this.#replace({ order, config, command, buildId, underway, report, deadlineMs, end });
    } catch (error) {
      const { handoffId } = underway;
      const reason = describeFailure(error);
      log("upgrade-refused", { handoffId, reason });
      return outcome("nothing-begun", { reason, handoffId });
    }
  }

  async #replace(task: Task): Promise<OutcomeEvent> {
    const { supervisor } = this.#parts;
    const daemon = supervisor.daemon;
    const serves = daemon !== undefined && await this.#comesToServe(daemon, task);
    if (task.config.upgrades === "cold") {
      if (task.order.check) throw new SwapFailure("what is replaced by stopping and starting cannot be rehearsed");
      return await replaceCold(this.#parts, { ...task, serves });
    }
    if (!serves && !task.order.check) return await this.#rescue(task);
    const forced = !task.order.force || !serves || await this.#force(daemon, task.underway);
    const next = supervisor.nextServes;
    let successor: LaunchedSuccessor | undefined;
    const connections = new ConnectionReports(supervisor.history, task.underway.handoffId, this.#parts.log);
    const { controlSocket } = task.config.paths;
    const observer = serves ? await observe(this.#parts.os, controlSocket, connections) : undefined;
    const result = await supervisor.handOver(async () => {
      const result = await this.#swap(task, serves ? daemon : NOBODY, (launched) => {
        return task.underway.successor = successor = launched;
      });
      if (result.outcome !== "committed") return result;
      supervisor.replaced(successor!.asDaemon(result.toBuild ?? ""));
      if (result.phases.soak !== undefined) supervisor.restarts.proved();
      return result;
    });
    // The connections move while the incumbent is on its way out: its end is the end of the reports.
    if (result.outcome !== "committed") observer?.[Symbol.dispose]();
    return this.#conclude(task, { result, daemon, forced, stderr: successor?.stderr(), next, connections });
  }

  /** Says that the handoff is forced; false where the daemon cannot be told, whose drain is then as always. */
  async #force(daemon: Daemon, { handoffId }: Underway): Promise<boolean> {
    const forced = await daemon.force(handoffId);
    if (!forced) this.#parts.log("force-unsupported", { handoffId, buildId: daemon.buildId });
    return forced;
  }

  #swap(
    { order, config, command, buildId, underway, report, ...time }: Task,
    incumbent: Incumbent,
    launched: Launched,
  ) {
    const { os, launcher, journal, log } = this.#parts;
    const soakMs = order.soakMs ?? config.soakMs;
    let successor: LaunchedSuccessor | undefined;
    return swap({
      incumbent,
      journal,
      spawn: () => successor = launched(launcher.successor({ command, buildId, env: config.env })),
      ...soakMs > 0 && {
        soak: (_successor, ended) => soak(os, successor!, { ...config, soakMs }, ended),
        retire: () => retire(successor!, { handoffId: crypto.randomUUID(), patienceMs: RETIRE_MS }),
      },
      report: (phase, ms) => {
        underway.phase = phase;
        if (ms === undefined) log("phase", { phase });
        report(ms === undefined ? { event: "phase-begun", phase } : { event: "phase", phase, ms });
      },
    }, {
      handoffId: underway.handoffId,
      ...time,
      drainGraceMs: config.drainGraceMs,
      resumeMs: Math.max(time.deadlineMs, RESUME_MS),
      cancelled: underway.cancel.signal,
      check: order.check,
    });
  }

  /** Whether a daemon that may be starting still comes to serve. */
  async #comesToServe(daemon: Daemon, { deadlineMs, end, underway }: Task): Promise<boolean> {
    const { signal } = underway.cancel;
    const cancelled = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    if (!await settled(Promise.race([daemon.serves, cancelled]), end - performance.now())) {
      throw new SwapFailure(
        `process ${daemon.pid} has not said Hello within ${deadlineMs / 1_000} s: it is still starting, or it is no ` +
          'daemon of runDaemon, for which there is upgrades = "cold"',
      );
    }
    signal.throwIfAborted();
    return await daemon.serves;
  }

  /** There is no daemon: the pause before its next start ends, and the new command is what is started. */
  async #rescue({ command, buildId, underway, deadlineMs, end }: Task): Promise<OutcomeEvent> {
    const { supervisor } = this.#parts;
    const next = supervisor.nextServes;
    supervisor.restarts.committed(command, buildId);
    supervisor.wake();
    const { handoffId } = underway;
    if (!await settled(next, end - performance.now())) {
      const reason = `no daemon served, and the one that was started does not yet, after ${deadlineMs / 1_000} s`;
      return outcome("nobody-serves", { handoffId, reason });
    }
    if (await next) return outcome("committed", { handoffId });
    return outcome("nobody-serves", { handoffId, reason: "no daemon served, and the one that was started died" });
  }

  async #conclude(
    task: Task,
    { result, daemon, forced, stderr, next, connections }: Conclusion,
  ): Promise<OutcomeEvent> {
    const { supervisor, log } = this.#parts;
    const { handoffId, sinceMs } = task.underway;
    const { phases, toBuild, writePauseMs } = result;
    if (result.outcome === "rehearsed") return outcome("committed", { handoffId, phases });
    let { outcome: kind } = result;
    let reason = "reason" in result ? result.reason : undefined;
    if (reason !== undefined && !forced) reason += "; the daemon does not know --force";
    if (kind === "nobody-serves" && daemon?.gone && !supervisor.stopping.aborted) {
      // It is started again at once, as after any death.
      if (await settled(next, RESUME_MS) && await next) {
        kind = "rolled-back";
        reason += "; the daemon before had died, and was started again";
      }
    }
    const fromBuild = daemon?.buildId ?? "";
    supervisor.history.add({
      handoffId,
      atMs: sinceMs,
      fromBuild,
      toBuild,
      outcome: kind,
      reason,
      phases,
      writePauseMs,
      ...connections.known,
    });
    log("upgrade-ended", { handoffId, outcome: kind, reason, fromBuild, toBuild, ...phases });
    return outcome(kind, { handoffId, reason, phases, ...kind === "committed" ? {} : { stderr } });
  }
}

interface Task {
  readonly order: UpgradeOrder;
  readonly config: SupervisorConfig;
  readonly command: readonly string[];
  readonly buildId: string | undefined;
  readonly underway: Underway;
  readonly report: (event: TriggerEvent) => void;
  /** How long it may take, and when that is over, in milliseconds of `performance.now`. */
  readonly deadlineMs: number;
  readonly end: number;
}

type Launched = (successor: LaunchedSuccessor) => LaunchedSuccessor;

interface Conclusion {
  readonly result: SwapResult;
  readonly daemon?: Daemon | undefined;
  /** False where it was to be forced, and the daemon does not know how. */
  readonly forced: boolean;
  readonly stderr?: readonly string[] | undefined;
  readonly next: Promise<boolean>;
  readonly connections: ConnectionReports;
}

/** In place of a daemon for a rehearsal while there is none. */
const NOBODY: Incumbent = {
  pid: 0,
  ended: Promise.resolve(),
  connect: () => Promise.reject(new Error("no daemon serves")),
};

function commandOf({ command, binary }: UpgradeOrder, config: SupervisorConfig): readonly string[] {
  if (command !== undefined) return command;
  return binary === undefined ? config.command : [binary, ...config.command.slice(1)];
}

function outcome(
  kind: UpgradeOutcome,
  fields: Omit<OutcomeEvent, "event" | "outcome" | "phases"> & {
    readonly phases?: PhaseTimes;
  },
): OutcomeEvent {
  return { event: "outcome", outcome: kind, phases: {}, ...fields };
}
