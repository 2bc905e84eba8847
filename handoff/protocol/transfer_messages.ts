/** The version of the transfer protocol that this module speaks. */
export const TRANSFER_VERSION = 1;

/** N asks for the lock, after Begin. */
export interface LockRequest {
  readonly verb: "lock";
  readonly handoffId: string;
}

/** The answer: the locked descriptor comes with it, or why it does not. */
export type LockReply =
  | {
    readonly verb: "lock";
    readonly ok: true;
    /** What was sealed, in decimal: N must not have opened anything older. */
    readonly revisions?: readonly string[];
  }
  | { readonly verb: "lock"; readonly ok: false; readonly reason: string };

/** N serves: O may hand over its connections, and exit. */
export interface ServingRequest {
  readonly verb: "serving";
  readonly handoffId: string;
  readonly pid: number;
}

/** The answer to {@linkcode ServingRequest}. */
export interface ServingReply {
  readonly verb: "serving";
  readonly ok: boolean;
}

/** N asks for idle connections of the listeners that it serves. */
export interface ConnectionsRequest {
  readonly verb: "connections";
  /** The names of the listeners. */
  readonly names: readonly string[];
  /** How many connections may come in one answer. */
  readonly max: number;
}

/** A connection on its way. */
export interface PassedConnection {
  /** Names the connection in {@linkcode ConnectionsAdopted}. */
  readonly id: number;
  /** The name of its listener. */
  readonly listener: string;
  /** What it speaks: `"http"` in version 1. A kind that the receiver does not know is not adopted. */
  readonly kind: string;
}

/** The answer: a descriptor for each item, in order. */
export interface ConnectionsReply {
  readonly verb: "connections";
  readonly items: readonly PassedConnection[];
  /** Whether these were the last. */
  readonly done: boolean;
  /** How many descriptors were sent: where fewer arrive, the batch was cut short. */
  readonly descriptors: number;
}

/** N serves these connections of the last {@linkcode ConnectionsReply} now: O closes its copies of them. */
export interface ConnectionsAdopted {
  readonly verb: "connections";
  /** Their ids. */
  readonly adopted: readonly number[];
}

/** A new supervisor asks for copies of the listeners. */
export interface ListenersRequest {
  readonly verb: "listeners";
}

/** The answer: a descriptor for each name, in order. */
export interface ListenersReply {
  readonly verb: "listeners";
  readonly names: readonly string[];
}

/** A supervisor that is not the daemon's parent wants to be told of its end. */
export interface WatchRequest {
  readonly verb: "watch";
}

/** The answer: who is watched. A {@linkcode Stopping} follows when the daemon ends by itself. */
export interface WatchReply {
  readonly verb: "watch";
  readonly ok: true;
  readonly pid: number;
  readonly buildId: string;
  readonly dataDir: string;
}

/** To every watcher: the daemon is about to end. */
export interface Stopping {
  readonly verb: "stopping";
  /** The exit code to come. */
  readonly code: number;
  readonly reason: string;
}

/** To every watcher, in a handoff: what has become of connections. What is not known yet is missing. */
export interface Report {
  readonly verb: "report";
  /** How many idle connections the successor has adopted. */
  readonly connectionsMoved?: number;
  /** The requests that were cut at the drain's deadline: the first hundred. */
  readonly cut?: readonly ReportedRequest[];
}

/** A request that was cut. */
export interface ReportedRequest {
  readonly method: string;
  readonly path: string;
  /** For how long it had been handled, in milliseconds. */
  readonly ageMs: number;
}

/** S, before PrepareHandoff: this handoff is forced. A handler that does not settle must not fail its drain. */
export interface ForceRequest {
  readonly verb: "force";
  readonly handoffId: string;
}

/** The answer to {@linkcode ForceRequest}. */
export interface ForceReply {
  readonly verb: "force";
  readonly ok: true;
}

/**
 * A version or a verb that the receiver does not know: the result of reading it, and the answer to it. It means that
 * the two go on by the plain protocol, without this socket.
 */
export interface Unsupported {
  readonly verb: "unsupported";
  /** The verb in question; `""` where none could be read. */
  readonly of: string;
}

/** What N or a supervisor says to O. */
export type TransferRequest =
  | LockRequest
  | ServingRequest
  | ConnectionsRequest
  | ConnectionsAdopted
  | ListenersRequest
  | WatchRequest
  | ForceRequest
  | Unsupported;

/** What O says to N or a supervisor. */
export type TransferReply =
  | LockReply
  | ServingReply
  | ConnectionsReply
  | ListenersReply
  | WatchReply
  | ForceReply
  | Stopping
  | Report
  | Unsupported;
