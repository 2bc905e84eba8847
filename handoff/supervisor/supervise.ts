import { inspectSync } from "../../lock/inspect.ts";
import { openOs } from "../linux.ts";
import type { Os } from "../os.ts";
import type { SupervisorConfig } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { control } from "./control.ts";
import { settled } from "./hear.ts";
import { keepJournal } from "./journal_keeper.ts";
import { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import { type OwnProgram, replaceSupervisor } from "./replacement.ts";
import type { ServiceEnvironment } from "./service_environment.ts";
import { openStation, type Station } from "./station.ts";
import type { SupervisorState } from "./succession.ts";
import { Supervisor } from "./supervisor.ts";
import { openSurroundings, type Surroundings } from "./surroundings.ts";
import { takeOver } from "./take_over.ts";
import { TriggerServer } from "./trigger_server.ts";
import { Upgrades } from "./upgrade.ts";

/** How a supervisor is run. */
export interface SuperviseOptions {
  readonly log: Log;
  /** Reads the configuration again, at each upgrade. */
  reload(): Promise<SupervisorConfig>;
  /** Where a successor's standard error goes until it serves; by default, this process's own. */
  stderr?(bytes: Uint8Array): void;
  /** Called once it supervises, before the daemon serves: whoever gives the signals to end gets it here. */
  started(supervisor: Supervisor, upgrades: Upgrades): void;
  /** How this process is started once more, where it may be replaced while it runs. */
  readonly own?: OwnProgram | undefined;
  /** The stream to the supervisor that this one is to replace. */
  readonly succession?: number | undefined;
  /** What the service manager of this process said; nothing by default. */
  readonly service?: ServiceEnvironment;
}

/** How often a directory that a stranger holds is looked at, in milliseconds. */
const LOCK_POLL_MS = 500;

/**
 * Supervises a daemon until it is told to stop, or the daemon stops by itself or dies too often: resolves to the exit
 * code. Rejects where it cannot start: with `ConfigError`, `ListenerError`, `SupervisorRunningError`, `LockHeldError`.
 */
export async function supervise(config: SupervisorConfig, options: SuperviseOptions): Promise<number> {
  if (Deno.build.os !== "linux") throw new ConfigError("supervise is for Linux");
  using os = openOs();
  await using entered = await enter(os, config, options);
  const { surroundings, station, inherited } = entered;
  const { log } = surroundings;
  const { controlSocket } = config.paths;
  const launcher = new Launcher(os, {
    controlSocket,
    listeners: station.listeners,
    cold: config.upgrades === "cold",
    folder: config.dataDir,
    stderr: options.stderr ?? toStandardError,
  });
  log("supervising", { dataDir: config.dataDir, listeners: launcher.listeners });
  const supervisor = new Supervisor({
    os,
    config,
    launcher,
    log,
    untilFree: untilFree(config.dataDir),
    adopted: station.adopted?.daemon,
    inherited,
  });
  if (station.interrupted !== undefined) supervisor.history.add(station.interrupted);
  const journal = keepJournal(config.paths.journal, log);
  const upgrades = new Upgrades({ os, config, supervisor, launcher, journal, log, reload: options.reload });
  const { tellMainPid } = surroundings;
  const { deadlineMs, upgrades: kind } = config;
  const adoptable = kind !== "cold";
  const replace = () =>
    replaceSupervisor({ os, supervisor, station, server, log, own: options.own, deadlineMs, adoptable, tellMainPid });
  const answer = control({ supervisor, upgrades, replace, uid: os.uid });
  const server = new TriggerServer(os, station.trigger, { extraUids: config.allowedUids, answer });
  surroundings.attach(supervisor);
  options.started(supervisor, upgrades);
  const code = await supervisor.finished;
  await server[Symbol.asyncDispose]();
  log("stopped", { code });
  return code;
}

interface Entered extends AsyncDisposable {
  readonly surroundings: Surroundings;
  readonly station: Station;
  readonly inherited?: SupervisorState | undefined;
}

/** Becomes the supervisor: the first one, or in place of another, whose sockets are free only when it has gone. */
async function enter(os: Os, config: SupervisorConfig, options: SuperviseOptions): Promise<Entered> {
  await using resources = new AsyncDisposableStack();
  if (options.succession === undefined) {
    const surroundings = resources.use(await openSurroundings(os, config, options));
    const passed = options.service?.listenerNames;
    const station = resources.use(await openStation(os, config, { log: surroundings.log, passed }));
    const all = resources.move();
    return { surroundings, station, [Symbol.asyncDispose]: () => all.disposeAsync() };
  }
  const taken = await takeOver(os, options.succession, config);
  const station = resources.use(taken.station);
  const surroundings = await openSurroundings(os, config, options).catch(async (error) => {
    // There is no way back: better supervised and not measured than the other way round.
    options.log("metrics-failed", { error: String(error) });
    return await openSurroundings(os, { ...config, metrics: undefined }, options);
  });
  resources.use(surroundings);
  const all = resources.move();
  return { surroundings, station, inherited: taken.state, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function untilFree(dataDir: string): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    while (!signal.aborted && inspectSync(dataDir).held) await settled(aborted, LOCK_POLL_MS);
  };
}

function toStandardError(bytes: Uint8Array): void {
  try {
    Deno.stderr.writeSync(bytes);
  } catch {
    // It has no reader any more.
  }
}
