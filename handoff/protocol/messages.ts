/**
 * The messages of the control channel, version 1. S is the supervisor, O the incumbent, N the successor.
 *
 * A `bigint` is a u64 on the wire; a `number` is a u16 or a u32. Times are in milliseconds. A `handoffId` is a UUID in
 * lower case.
 */
export type Message =
  | Hello
  | HelloAck
  | PrepareHandoff
  | Drained
  | SealRequest
  | SealProgress
  | SealComplete
  | SealFailed
  | Begin
  | Ready
  | Commit
  | Abort
  | ResumeAfterAbort
  | Heartbeat;

/** The name of a message. */
export type MessageType = Message["type"];

/** Who announces itself in a {@linkcode Hello}. */
export type Role = "incumbent" | "successor";

/** O to S and N to S: the first message of a session. */
export interface Hello {
  readonly type: "Hello";
  readonly role: Role;
  readonly pid: number;
  /** What identifies the program's build; UTF-8 text where this module is the sender. */
  readonly buildId: Uint8Array;
  /** The oldest version of the protocol that the sender speaks. */
  readonly protoMin: number;
  /** The newest one. */
  readonly protoMax: number;
  /** Reserved bits; 0 in version 1. */
  readonly capabilities: bigint;
}

/** S to both: the version of the protocol, and which handoff this is. */
export interface HelloAck {
  readonly type: "HelloAck";
  readonly protoVersionChosen: number;
  readonly handoffId: string;
}

/** S to O: stop accepting, and finish what is in flight. */
export interface PrepareHandoff {
  readonly type: "PrepareHandoff";
  readonly handoffId: string;
  readonly successorPid: number;
  /** What is left of the whole handoff's time, in milliseconds. */
  readonly deadlineMs: bigint;
  /** For how long the drain may take, in milliseconds. */
  readonly drainGraceMs: bigint;
}

/** O to S: nothing is in flight any more, but for what `openConnsRemaining` counts. */
export interface Drained {
  readonly type: "Drained";
  readonly openConnsRemaining: number;
  readonly acceptClosed: boolean;
}

/** S to O: flush and close the state. */
export interface SealRequest {
  readonly type: "SealRequest";
  readonly handoffId: string;
}

/** O to S: how far the seal is. */
export interface SealProgress {
  readonly type: "SealProgress";
  readonly shardsSealed: number;
  readonly shardsTotal: number;
  readonly lastRevision: bigint;
}

/** O to S: the state is flushed and closed. */
export interface SealComplete {
  readonly type: "SealComplete";
  readonly handoffId: string;
  readonly lastRevisionPerShard: readonly bigint[];
  /** 32 bytes. */
  readonly dataDirFingerprint: Uint8Array;
}

/** O to S: the state could not be sealed; O serves on. */
export interface SealFailed {
  readonly type: "SealFailed";
  readonly handoffId: string;
  readonly error: string;
  readonly partialState: string;
}

/** S to N: the data directory is yours. */
export interface Begin {
  readonly type: "Begin";
  readonly handoffId: string;
}

/** N to S: the lock is held, the state is open, and N serves. */
export interface Ready {
  readonly type: "Ready";
  readonly handoffId: string;
  readonly listeningOn: readonly string[];
  readonly healthzOk: boolean;
  readonly advertisedRevisionPerShard: readonly bigint[];
}

/** S to O: the successor serves; exit. */
export interface Commit {
  readonly type: "Commit";
  readonly handoffId: string;
}

/** S to N: the handoff is called off; exit. O understands it as {@linkcode ResumeAfterAbort}. */
export interface Abort {
  readonly type: "Abort";
  readonly handoffId: string;
  readonly reason: string;
}

/** S to O: the successor is gone; serve again. */
export interface ResumeAfterAbort {
  readonly type: "ResumeAfterAbort";
  readonly handoffId: string;
}

/** O to S and N to S: the sender lives, though it has nothing to say. */
export interface Heartbeat {
  readonly type: "Heartbeat";
  /** The sender's clock, in milliseconds since 1970: for diagnosis only. */
  readonly tsMs: bigint;
}
