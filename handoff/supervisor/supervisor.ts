import type { Exit, Os } from "../os.ts";
import type { SupervisorStatus, UpgradePhase } from "../protocol/trigger.ts";
import { GOOD_SERVICE_MS, SAME_SIGNAL_MS, TERM_TO_KILL_MS } from "../timeouts.ts";
import type { SupervisorConfig } from "./config.ts";
import type { Daemon } from "./supervised_daemon.ts";
import { settled } from "./hear.ts";
import { History } from "./history.ts";
import type { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { Restarts } from "./restart.ts";
import { SIGNALS } from "./signals.ts";
import type { SupervisorState } from "./succession.ts";
import { describeExit, SwapFailure } from "./swap_failure.ts";
import { SERVICE_EXITS, type UntilFree } from "./exits.ts";

/** After so long without a Hello the log says what that may mean, in milliseconds. */
const HELLO_IS_LATE_MS = 10_000;

/** What a supervisor works with. */
export interface SupervisorParts {
  readonly os: Os;
  readonly config: SupervisorConfig;
  readonly launcher: Launcher;
  readonly log: Log;
  /** Resolves when the data directory is free, or when the signal is aborted. */
  readonly untilFree: UntilFree;
  /** A daemon that serves already. */
  readonly adopted?: Daemon | undefined;
  /** What the supervisor before this one knew. */
  readonly inherited?: SupervisorState | undefined;
}

/** The upgrade under way. */
export interface Underway {
  readonly handoffId: string;
  readonly sinceMs: number;
  readonly cancel: AbortController;
  phase: UpgradePhase;
  /** The successor, once it is started. */
  successor?: { signal(signal: number): boolean };
}

/**
 * The life of a supervisor: a daemon is kept running until it is told to stop. It dies, it is started again; it is
 * replaced, its successor is watched over. It changes daemons only through {@linkcode Supervisor.replaced}.
 */
export class Supervisor {
  /** Resolves to the exit code when there is no daemon any more, and none is to be started. */
  readonly finished: Promise<number>;
  readonly history: History = new History();
  readonly restarts: Restarts;
  readonly #parts: SupervisorParts;
  readonly #sinceMs = Date.now();
  /** Aborted when it is told to stop. */
  readonly #stopped = new AbortController();
  /** Aborted when another supervisor has taken over. */
  readonly #left = new AbortController();
  readonly #hasLeft: Promise<void>;
  readonly #retired = new Map<Daemon, Promise<void>>();
  #daemon?: Daemon | undefined;
  #underway?: Underway | undefined;
  /** For as long as a handoff decides which daemon is the present one. */
  #handingOver: Promise<unknown> = Promise.resolve();
  #next: PromiseWithResolvers<boolean> = Promise.withResolvers();
  #wake = new AbortController();
  #restartAtMs?: number | undefined;
  #restartAsked = false;
  #stopAskedAt = 0;
  #generation = 0;
  #restartCount = 0;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.restarts = new Restarts(parts.config.command, parts.config);
    const { inherited } = parts;
    if (inherited !== undefined) {
      this.restarts.restore(inherited.restarts);
      this.history.restore(inherited.history);
      this.#generation = inherited.generation;
      this.#restartCount = inherited.restartCount;
    }
    this.#hasLeft = new Promise((resolve) => this.#left.signal.addEventListener("abort", () => resolve()));
    this.finished = Promise.race([this.#live(), this.#hasLeft.then(() => 0)]);
  }

  /** The daemon; undefined while there is none. */
  get daemon(): Daemon | undefined {
    return this.#daemon;
  }

  get stopping(): AbortSignal {
    return this.#stopped.signal;
  }

  get underway(): Underway | undefined {
    return this.#underway;
  }

  /** Resolves when the daemons that were replaced have ended. */
  get retired(): Promise<unknown> {
    return Promise.all(this.#retired.values());
  }

  /** Makes an upgrade the one that is under way, until it is disposed of; undefined where there is one. */
  enterUpgrade(): (Underway & Disposable) | undefined {
    if (this.#underway !== undefined) return undefined;
    const cancel = new AbortController();
    const underway: Underway = { handoffId: crypto.randomUUID(), sinceMs: Date.now(), phase: "start", cancel };
    this.#underway = underway;
    return Object.assign(underway, { [Symbol.dispose]: () => this.#underway = undefined });
  }

  /** Whether the daemon that is started next serves. */
  get nextServes(): Promise<boolean> {
    return this.#next.promise;
  }

  /** Lets `handoff` decide which daemon is the present one: the death of the present one is no crash meanwhile. */
  async handOver<T>(handoff: () => Promise<T>): Promise<T> {
    const running = handoff();
    this.#handingOver = running.catch(() => {});
    return await running;
  }

  /** A successor has been committed. */
  replaced(successor: Daemon): void {
    const incumbent = this.#daemon!;
    this.#generation++;
    this.#parts.log("replaced", { pid: incumbent.pid, by: successor.pid, build: successor.buildId });
    this.restarts.committed(successor.command, successor.namedBuildId);
    this.#retired.set(incumbent, this.#retire(incumbent));
    this.#present(successor);
  }

  /** Ends the pause before a crashed daemon is started again. */
  wake(): void {
    this.#wake.abort();
  }

  /** Ends the daemon, and starts it anew. */
  restart(): void {
    this.#restartAsked = true;
    this.wake();
    const daemon = this.#daemon;
    if (daemon !== undefined) void this.#end(daemon, SIGNALS.SIGTERM, this.#parts.config.stopTimeoutMs);
  }

  /**
   * Ends the daemon, and then itself: an upgrade that has not got to Begin is called off, another is waited for. The
   * same call within a second is the same one, since a terminal and systemd signal all processes; a later one kills.
   */
  stop(signal: number = SIGNALS.SIGTERM): void {
    const now = performance.now();
    if (this.#stopped.signal.aborted) {
      if (now - this.#stopAskedAt > SAME_SIGNAL_MS) this.#killAll();
      return;
    }
    this.#stopAskedAt = now;
    this.#parts.log("stopping", { pid: this.#daemon?.pid });
    this.#stopped.abort(new SwapFailure("the supervisor is stopping"));
    this.#underway?.cancel.abort(this.#stopped.signal.reason);
    this.wake();
    void this.#handingOver.then(async () => {
      if (this.#daemon !== undefined) await this.#end(this.#daemon, signal, this.#parts.config.stopTimeoutMs);
    });
  }

  /** Another supervisor has the daemon: ends, and leaves that alone. To be called while it hands over. */
  leave(): void {
    this.#daemon?.leave();
    this.#daemon = undefined;
    this.#left.abort();
  }

  /** What a supervisor in place of this one needs to know. */
  state(): SupervisorState {
    return {
      restarts: this.restarts.state(),
      generation: this.#generation,
      restartCount: this.#restartCount,
      history: this.history.all(),
      daemonSinceMs: this.#daemon?.sinceMs ?? Date.now(),
    };
  }

  /** Kills the daemon, which does not answer any more, and ends. */
  kill(): void {
    this.#parts.log("killing", { pid: this.#daemon?.pid });
    this.stop();
    this.#killAll();
  }

  /** Calls the upgrade off; false where there is none, or it has got to Begin. */
  abort(): boolean {
    if (this.#underway === undefined || !["start", "drain", "seal"].includes(this.#underway.phase)) return false;
    this.#underway.cancel.abort(new SwapFailure("it was called off"));
    return true;
  }

  status(): SupervisorStatus {
    const daemon = this.#daemon;
    return {
      supervisorPid: Deno.pid,
      supervisorSinceMs: this.#sinceMs,
      daemon: daemon && { pid: daemon.pid, buildId: daemon.buildId, sinceMs: daemon.sinceMs, adopted: daemon.adopted },
      upgrade: this.#underway && {
        handoffId: this.#underway.handoffId,
        phase: this.#underway.phase,
        sinceMs: this.#underway.sinceMs,
      },
      lastUpgrade: this.history.latest,
      generation: this.#generation,
      restarts: this.#restartCount,
      restartAtMs: this.#restartAtMs,
      listeners: this.#parts.launcher.listeners,
      command: [...this.restarts.command],
    };
  }

  async #live(): Promise<number> {
    const { config, log, adopted } = this.#parts;
    if (adopted !== undefined) this.#present(adopted);
    let exit = adopted === undefined ? await this.#serve() : await this.#endOfService();
    while (!this.#stopped.signal.aborted && !this.#left.signal.aborted) {
      if (this.#restartAsked) this.#restartAsked = false;
      else if (
        exit !== undefined && "code" in exit && exit.code === SERVICE_EXITS.stopped && config.onExit0 === "stop"
      ) {
        log("daemon-stopped", { code: 0 });
        break;
      } else if (exit !== undefined && "code" in exit && exit.code === SERVICE_EXITS.held) {
        log("waiting-for-the-lock", { dataDir: config.dataDir });
        await this.#parts.untilFree(AbortSignal.any([this.#stopped.signal, this.#renewedWake()]));
      } else if (!await this.#afterDeath(exit)) return this.#finish(SERVICE_EXITS.gaveUp);
      if (this.#stopped.signal.aborted) break;
      this.#restartCount++;
      exit = await this.#serve();
    }
    return this.#finish(exitCodeOf(exit));
  }

  async #finish(code: number): Promise<number> {
    this.#next.resolve(false);
    await Promise.all(this.#retired.values());
    return code;
  }

  /** Starts a daemon, and resolves when it, or what has replaced it, is dead. */
  async #serve(): Promise<Exit | undefined> {
    const { launcher, config, log } = this.#parts;
    const { command, buildId } = this.restarts;
    try {
      const daemon = launcher.cold({ command, buildId, env: config.env });
      log("daemon-started", { pid: daemon.pid, command });
      this.#present(daemon);
    } catch (error) {
      log("start-failed", { command, error: String(error) });
      this.#answerNext(Promise.resolve(false));
      return { code: SERVICE_EXITS.notStarted };
    }
    return await this.#endOfService();
  }

  async #endOfService(): Promise<Exit | undefined> {
    while (true) {
      const daemon = this.#daemon!;
      const exit = await daemon.ended;
      await this.#handingOver;
      if (this.#left.signal.aborted) return undefined;
      if (this.#daemon !== daemon) continue;
      this.#daemon = undefined;
      return exit;
    }
  }

  /** Pauses after a death; false when there were too many. */
  async #afterDeath(exit: Exit | undefined): Promise<boolean> {
    const { log } = this.#parts;
    const how = exit === undefined ? "ended" : describeExit(exit);
    const verdict = this.restarts.died();
    if ("giveUpAfter" in verdict) {
      log("gave-up", { how, deathsInRow: verdict.giveUpAfter });
      return false;
    }
    const { command, delayMs, reverted } = verdict;
    log("daemon-died", { how, restartInMs: delayMs });
    if (reverted !== undefined) log("reverted", { from: reverted, to: command });
    this.#restartAtMs = Date.now() + delayMs;
    const woken = this.#renewedWake();
    await settled(new Promise<void>((resolve) => woken.addEventListener("abort", () => resolve())), delayMs);
    this.#restartAtMs = undefined;
    return true;
  }

  #renewedWake(): AbortSignal {
    this.#wake = new AbortController();
    if (this.#stopped.signal.aborted) this.#wake.abort();
    return this.#wake.signal;
  }

  #present(daemon: Daemon): void {
    this.#daemon = daemon;
    this.#answerNext(daemon.serves);
    void this.#watch(daemon);
    if (this.#stopped.signal.aborted) void this.#end(daemon, SIGNALS.SIGTERM, this.#parts.config.stopTimeoutMs);
  }

  #answerNext(serves: Promise<boolean>): void {
    serves.then(this.#next.resolve);
    this.#next = Promise.withResolvers();
  }

  async #watch(daemon: Daemon): Promise<void> {
    const { log } = this.#parts;
    if (!await settled(daemon.serves, HELLO_IS_LATE_MS)) {
      log("no-hello", {
        message: `process ${daemon.pid} has not said Hello on its control socket: it is still starting, or it is no ` +
          'daemon of runDaemon, for which there is upgrades = "cold"',
      });
    }
    if (!await daemon.serves) return;
    log("daemon-serves", { pid: daemon.pid, build: daemon.buildId });
    if (daemon.wrapped !== undefined) {
      log("wrapper", {
        message:
          `process ${daemon.pid} was started, but its child ${daemon.wrapped.pid} is the daemon: no upgrade is ` +
          "possible; have the wrapper (a shell, npx, deno task) exec the daemon, or start that directly",
      });
    }
    if (await settled(Promise.race([daemon.ended, this.#hasLeft]), GOOD_SERVICE_MS) || this.#daemon !== daemon) return;
    this.restarts.proved();
    log("daemon-good", { pid: daemon.pid });
  }

  async #retire(daemon: Daemon): Promise<void> {
    if (!await settled(daemon.ended, this.#parts.config.exitGraceMs)) {
      this.#parts.log("replaced-daemon-lingers", { pid: daemon.pid, exitGraceMs: this.#parts.config.exitGraceMs });
      await this.#end(daemon, SIGNALS.SIGTERM, TERM_TO_KILL_MS);
    }
    this.#retired.delete(daemon);
  }

  /** Tells a daemon to end, and kills it where it does not. */
  async #end(daemon: Daemon, signal: number, patienceMs: number): Promise<void> {
    daemon.signal(signal);
    if (await settled(daemon.ended, patienceMs)) return;
    this.#parts.log("killing", { pid: daemon.pid, afterMs: patienceMs });
    daemon.signal(SIGNALS.SIGKILL);
    await daemon.ended;
  }

  #killAll(): void {
    const all = [this.#daemon, this.#underway?.successor, ...this.#retired.keys()];
    for (const process of all) process?.signal(SIGNALS.SIGKILL);
  }
}

function exitCodeOf(exit: Exit | undefined): number {
  if (exit === undefined) return 0;
  return "code" in exit ? exit.code : 128 + exit.signal;
}
