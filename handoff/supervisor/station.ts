import { lstatSync, mkdirSync } from "node:fs";
import { inspectSync } from "../../lock/inspect.ts";
import type { Os } from "../os.ts";
import { bindSocketFile } from "../socket_file.ts";
import { adopt, type Adopted, reconcile } from "./adoption.ts";
import type { SupervisorConfig } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { settleInterrupted } from "./interrupted.ts";
import type { Log } from "./log.ts";
import { SupervisorLock } from "./supervisor_lock.ts";

/** What a supervisor holds for its life. */
export interface Station extends Disposable {
  /** The listeners by name, in the order of the configuration. */
  readonly listeners: ReadonlyMap<string, number>;
  /** The trigger socket, listening. */
  readonly trigger: number;
  /** The daemon that served already. */
  readonly adopted?: Adopted;
}

/**
 * Makes this process the supervisor of a directory: takes the supervisor's lock, adopts the daemon that serves or binds
 * the listeners, and opens the trigger socket. What can be refused is looked at before anything is made, so that a
 * failure leaves nothing. Rejects with `ConfigError`, `ListenerError` and `SocketFileError` for what cannot be used, with
 * `SupervisorRunningError` where there is a supervisor, and with `LockHeldError` where a stranger holds the directory.
 */
export async function openStation(os: Os, config: SupervisorConfig, log: Log): Promise<Station> {
  const { dataDir, paths } = config;
  using resources = new DisposableStack();
  const existing = SupervisorLock.take(paths.supervisorLock, { create: false });
  if (existing !== undefined) resources.use(existing);
  requireSocketOrNothing(paths.triggerSocket);
  requireSocketOrNothing(paths.controlSocket);
  if (existing !== undefined) await settleInterrupted(os, config, log);
  const adopted = inspectSync(dataDir).held ? await adopt(os, config) : undefined;
  if (adopted !== undefined) requireListeners(resources.use(adopted), config);
  const listeners = reconcile(os, config.listeners, adopted?.listeners ?? new Map(), resources);
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  if (existing === undefined) resources.use(SupervisorLock.take(paths.supervisorLock, { create: true })!);
  const trigger = bindSocketFile(os, paths.triggerSocket);
  const all = resources.move();
  return { listeners, trigger, adopted, [Symbol.dispose]: () => all.dispose() };
}

/** A daemon of another kind has no transfer socket, and keeps its listeners to itself. */
function requireListeners({ daemon, listeners }: Adopted, { dataDir, listeners: configured }: SupervisorConfig): void {
  if (listeners !== undefined || configured.length === 0) return;
  throw new ConfigError(
    `Cannot supervise ${JSON.stringify(dataDir)}: process ${daemon.pid} serves it and cannot pass its listeners on, ` +
      "since it has no transfer socket. Stop it first",
  );
}

/** A file at the place of a socket is somebody's: it is never replaced. */
function requireSocketOrNothing(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.isSocket()) return;
  throw new ConfigError(`Cannot bind ${JSON.stringify(path)}: something that is no socket stands there`);
}
