import { inspectSync } from "../../lock/inspect.ts";
import { openOs } from "../linux.ts";
import type { SupervisorConfig } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { control } from "./control.ts";
import { settled } from "./hear.ts";
import { keepJournal } from "./journal_keeper.ts";
import { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";
import type { ServiceEnvironment } from "./service_environment.ts";
import { openStation } from "./station.ts";
import { Supervisor } from "./supervisor.ts";
import { openSurroundings } from "./surroundings.ts";
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
  await using surroundings = await openSurroundings(os, config, options);
  const { log } = surroundings;
  using station = await openStation(os, config, { log, passed: options.service?.listenerNames });
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
  });
  const journal = keepJournal(config.paths.journal, log);
  const upgrades = new Upgrades({ os, supervisor, launcher, journal, log, reload: options.reload });
  const answer = control({ supervisor, upgrades, uid: os.uid });
  const server = new TriggerServer(os, station.trigger, { extraUids: config.allowedUids, answer });
  surroundings.attach(supervisor);
  options.started(supervisor, upgrades);
  const code = await supervisor.finished;
  await server[Symbol.asyncDispose]();
  log("stopped", { code });
  return code;
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
    // Nobody reads it any more.
  }
}
