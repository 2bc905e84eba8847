/**
 * The supervisor of a daemon: it keeps the listeners open and the daemon running, and replaces it by its successor on
 * `handoff upgrade`. It is what `handoff supervise` runs, as a library.
 *
 * Permissions: `--allow-all`, since it starts programs through FFI. Linux only.
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
