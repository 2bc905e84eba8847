/**
 * A daemon that is replaced by its successor without a failed request, a lost write or a second writer; and if anything
 * goes wrong, the old one serves on.
 *
 * {@linkcode runDaemon} is all that most programs need: it takes the lock of the data directory, opens the state, serves,
 * and hands everything over when a supervisor asks.
 *
 * Permissions: `--allow-ffi`, which amounts to all permissions; `--allow-read` and `--allow-write` for the directory;
 * and `--allow-env`, at least for `TERM` and for the variables by which a supervisor or systemd hands listeners in. Linux
 * only; a daemon runs elsewhere too, with `--allow-net` for its listeners, but is not replaced there.
 *
 * @module
 */

export { HandoffError, LockHeldError, LockLostError, type LockLostReason } from "./lock/errors.ts";
export type { Holder } from "./lock/holder.ts";
export { DismissedError, DrainError, LockRefusedError } from "./handoff/daemon/daemon_errors.ts";
export type { DaemonEvent, OpenRole } from "./handoff/daemon/events.ts";
export { FastResponse, type FastResponseConstructor } from "./handoff/daemon/fast_response.ts";
export type { DaemonOptions, DrainContext } from "./handoff/daemon/options.ts";
export type { OpenContext, StateOptions } from "./handoff/daemon/ownership.ts";
export {
  type ColdStart,
  detectRole,
  type Inheritance,
  type InheritedRole,
  RoleError,
  type SuccessorRole,
} from "./handoff/daemon/role.ts";
export { runDaemon } from "./handoff/daemon/run_daemon.ts";
export type {
  ConnectionHandler,
  FetchHandler,
  HandlerContext,
  HttpListenerOptions,
  ListenerOptions,
  RemoteAddress,
  ServiceOptions,
  SocketListenerOptions,
  TlsOptions,
  UnfinishedRequest,
  UpgradeHandler,
} from "./handoff/daemon/service.ts";
export type { ServingOptions } from "./handoff/daemon/serving.ts";
