import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { inspectSync } from "../../lock/inspect.ts";
import { addressOf, formatAddress, inheritListeners, isBoundAs } from "../listener.ts";
import type { Os } from "../os.ts";
import type { UpgradeRecord } from "../protocol/trigger.ts";
import { bindSocketFile, checkSocketFile } from "../socket_file.ts";
import { adopt, type Adopted, reconcile } from "./adoption.ts";
import type { SupervisorConfig } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { interruptedRecord, settleInterrupted } from "./interrupted.ts";
import type { Log } from "./log.ts";
import { SupervisorLock } from "./supervisor_lock.ts";

/** What a supervisor holds for its life. */
export interface Station extends Disposable {
  /** The listeners by name, in the order of the configuration. */
  readonly listeners: ReadonlyMap<string, number>;
  /** The trigger socket, listening. */
  readonly trigger: number;
  /** The locked descriptor of the supervisor's lock. */
  readonly lock: number;
  /** The daemon that served already. */
  readonly adopted?: Adopted | undefined;
  /** The upgrade in which the supervisor before died. */
  readonly interrupted?: UpgradeRecord | undefined;
}

/**
 * Makes this process the supervisor of a directory: takes the supervisor's lock, adopts the daemon that serves or binds
 * the listeners, and opens the trigger socket. What can be refused is looked at before anything is made, so that a
 * failure leaves nothing. Rejects with `ConfigError`, `ListenerError` and `SocketFileError` for what cannot be used, with
 * `SupervisorRunningError` where there is a supervisor, and with `LockHeldError` where a stranger holds the directory.
 */
export async function openStation(
  os: Os,
  config: SupervisorConfig,
  { log, passed = [] }: { readonly log: Log; readonly passed?: readonly string[] | undefined },
): Promise<Station> {
  const { dataDir, paths } = config;
  using resources = new DisposableStack();
  const given = takePassed(os, config, passed);
  const existing = SupervisorLock.take(paths.supervisorLock, { create: false });
  if (existing !== undefined) resources.use(existing);
  // The daemon binds two of them: it would be started again and again, and never serve.
  for (const path of [paths.triggerSocket, paths.controlSocket, `${paths.controlSocket}.fds`]) {
    requireSocketOrNothing(path);
    checkSocketFile(os, path);
  }
  const journal = existing === undefined ? undefined : await settleInterrupted(os, config, log);
  const adopted = inspectSync(dataDir).held ? await adopt(os, config) : undefined;
  if (adopted !== undefined) requireListeners(resources.use(adopted), config, given);
  const inherited = new Map([...given, ...adopted?.listeners ?? []]);
  const listeners = reconcile(os, config.listeners, inherited, resources);
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const lock = existing ?? resources.use(SupervisorLock.take(paths.supervisorLock, { create: true })!);
  const trigger = bindSocketFile(os, paths.triggerSocket);
  // The users that are admitted must get as far as being asked who they are. Whatever the umask is.
  if (config.allowedUids.length > 0) chmodSync(paths.triggerSocket, 0o666);
  const interrupted = journal && interruptedRecord(journal, adopted?.daemon);
  const all = resources.move();
  return { listeners, trigger, lock: lock.fd, adopted, interrupted, [Symbol.dispose]: () => all.dispose() };
}

/** The listeners that the service manager passed, by the names it gave them. */
function takePassed(os: Os, config: SupervisorConfig, names: readonly string[]): ReadonlyMap<string, number> {
  const { listeners, refused: [refused] } = inheritListeners(os, names);
  if (refused !== undefined) {
    const { name, fd, reason } = refused;
    throw new ConfigError(`Cannot use the descriptor ${fd} that was passed as ${JSON.stringify(name)}: ${reason}`);
  }
  for (const { name, address } of config.listeners) {
    const fd = listeners.get(name);
    const bound = fd === undefined ? undefined : addressOf(os, fd);
    if (bound === undefined || isBoundAs(bound, address)) continue;
    throw new ConfigError(
      `the socket that was passed as ${JSON.stringify(name)} is bound to ${
        formatAddress(bound)
      }, and it is configured ` +
        `as ${formatAddress(address)}: leave it out of the configuration`,
    );
  }
  return listeners;
}

/** A daemon of another kind has no transfer socket, and keeps its listeners to itself. */
function requireListeners(
  { daemon, listeners }: Adopted,
  { dataDir, listeners: configured }: SupervisorConfig,
  given: ReadonlyMap<string, number>,
): void {
  if (listeners !== undefined || configured.every(({ name }) => given.has(name))) return;
  throw new ConfigError(
    `Cannot supervise ${JSON.stringify(dataDir)}: process ${daemon.pid} serves it and cannot pass its listeners on, ` +
      "since it has no transfer socket. Stop it first, or have a socket unit of systemd pass them here",
  );
}

/** A regular file at the path of a socket is never replaced. */
function requireSocketOrNothing(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.isSocket()) return;
  throw new ConfigError(`Cannot bind ${JSON.stringify(path)}: something that is no socket stands there`);
}
