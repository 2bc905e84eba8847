/**
 * The supervisor of a daemon: it keeps the listeners, keeps the daemon running, and replaces it by its successor when
 * `handoff upgrade` asks. What `handoff supervise` does, for programs.
 *
 * Permissions: all of them, since it starts programs and needs `--allow-ffi`. Linux only.
 *
 * @module
 */

export { HandoffError, LockHeldError } from "./lock/errors.ts";
export type { Holder } from "./lock/holder.ts";
export type { RawConfig } from "./handoff/supervisor/config.ts";
export { ConfigError } from "./handoff/supervisor/config_error.ts";
export type { Log, LogFields } from "./handoff/supervisor/log.ts";
export { runSupervisor, type RunSupervisorOptions } from "./handoff/supervisor/run_supervisor.ts";
export { SupervisorRunningError } from "./handoff/supervisor/supervisor_lock.ts";
