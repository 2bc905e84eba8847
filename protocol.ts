/**
 * The handoff protocol, for programs that need more than `runDaemon`: how a process was started, the steps of a successor,
 * and the session of an incumbent, with the control channel that both speak over. The bytes, the variables and the order
 * are those of version 1 of the Rust crate `beyond-handoff`.
 *
 * A supervisor asks the incumbent to drain and then to seal (close its state); tells the successor to begin; hears from it
 * that it is ready; and tells the incumbent to commit, which then exits. If anything fails before that, it aborts: the
 * successor exits, and the incumbent resumes.
 *
 * Permissions: `--allow-ffi`; `--allow-env` for {@linkcode detectRole}; `--allow-read` and `--allow-write` for socket files.
 * Linux only.
 *
 * @example The steps of a successor, with its supervisor in the same process
 * ```ts
 * import { Connected, ControlChannel, openOs } from "jsr:@scope/handoff/protocol";
 *
 * using os = openOs();
 * const [one, other] = os.socketPair(); // detectRole().control is one end of it
 * using supervisor = new ControlChannel(os, one);
 * using channel = new ControlChannel(os, other);
 * const handoffId = crypto.randomUUID();
 *
 * const handshake = new Connected(channel).handshake({ pid: Deno.pid, buildId: "1.2.3" });
 * console.log((await supervisor.receive())?.type); // Hello
 * await supervisor.send({ type: "HelloAck", protoVersionChosen: 1, handoffId });
 * const handshook = await handshake;
 *
 * await supervisor.send({ type: "Begin", handoffId }); // the incumbent has sealed
 * const begun = await handshook.waitForBegin();
 * await begun.underHeartbeats(() => Promise.resolve()); // here: take the lock, open the state, accept
 * await begun.announce({ listeningOn: [], healthy: true, revisions: [] });
 * console.log((await supervisor.receive())?.type); // Ready
 * ```
 *
 * @module
 */

export { DismissedError } from "./handoff/daemon/daemon_errors.ts";
export type { Identity } from "./handoff/daemon/identity.ts";
export {
  type ColdStart,
  detectRole,
  type Inheritance,
  type InheritedRole,
  RoleError,
  type SuccessorRole,
} from "./handoff/daemon/role.ts";
export { Begun, Connected, Handshook, type Readiness } from "./handoff/daemon/successor.ts";
export {
  type Incumbency,
  IncumbentSession,
  type Passage,
  type SessionEnd,
  type SessionSignals,
} from "./handoff/daemon/incumbent.ts";
export type { DrainOptions, DrainReport, UnfinishedRequest } from "./handoff/daemon/service.ts";
export type { SessionState } from "./handoff/daemon/session_state.ts";
export type { Heartbeats } from "./handoff/heartbeat.ts";
export type * from "./handoff/protocol/messages.ts";
export { HandoffError } from "./lock/errors.ts";
export type { Exit, Os, Peer, ReceivedMessage, SocketName, SpawnRequest, WaitOptions } from "./handoff/os.ts";
export { ControlChannel, type ReceiveOptions } from "./handoff/control_channel.ts";
export { openOs } from "./handoff/linux.ts";
