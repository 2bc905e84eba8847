import { lstatSync, mkdirSync } from "node:fs";
import { LockHeldError } from "../../lock/errors.ts";
import { inspectSync } from "../../lock/inspect.ts";
import { bindListener } from "../listener.ts";
import type { Os } from "../os.ts";
import { bindSocketFile } from "../socket_file.ts";
import type { SupervisorConfig } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { SupervisorLock } from "./supervisor_lock.ts";

/** What a supervisor holds for its life. */
export interface Station extends Disposable {
  /** The listeners by name, in the order of the configuration. */
  readonly listeners: ReadonlyMap<string, number>;
  /** The trigger socket, listening. */
  readonly trigger: number;
}

/**
 * Makes this process the supervisor of a directory that nobody holds: binds the listeners, takes the supervisor's lock,
 * and opens the trigger socket, in this order, so that a failure leaves as little as it can. Throws `ConfigError` and
 * `ListenerError` for what cannot be used, {@linkcode SupervisorRunningError} where there is a supervisor, and
 * `LockHeldError` where a daemon holds the directory.
 */
export function openStation(os: Os, config: SupervisorConfig): Station {
  const { dataDir, paths } = config;
  using resources = new DisposableStack();
  const existing = SupervisorLock.take(paths.supervisorLock, { create: false });
  if (existing !== undefined) resources.use(existing);
  const { held, holder } = inspectSync(dataDir);
  if (held) throw new LockHeldError({ dataDir, holder, waitedMs: 0 }, "supervise");
  requireSocketOrNothing(paths.triggerSocket);
  requireSocketOrNothing(paths.controlSocket);
  const listeners = new Map<string, number>();
  for (const { name, address } of config.listeners) {
    const fd = bindListener(os, address);
    resources.defer(() => os.close(fd));
    listeners.set(name, fd);
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  if (existing === undefined) resources.use(SupervisorLock.take(paths.supervisorLock, { create: true })!);
  const trigger = bindSocketFile(os, paths.triggerSocket);
  const all = resources.move();
  return { listeners, trigger, [Symbol.dispose]: () => all.dispose() };
}

/** A file at the place of a socket is somebody's: it is never replaced. */
function requireSocketOrNothing(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.isSocket()) return;
  throw new ConfigError(`Cannot bind ${JSON.stringify(path)}: something that is no socket stands there`);
}
