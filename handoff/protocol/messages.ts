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
  /** The name of the message. */
  readonly type: "Hello";
  /** What the sender is. */
  readonly role: Role;
  /** Its process id. */
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
  /** The name of the message. */
  readonly type: "HelloAck";
  /** The version that both speak. */
  readonly protoVersionChosen: number;
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
}

/** S to O: stop accepting, and finish what is in flight. */
export interface PrepareHandoff {
  /** The name of the message. */
  readonly type: "PrepareHandoff";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
  /** The process id of the successor. */
  readonly successorPid: number;
  /** What is left of the whole handoff's time, in milliseconds. */
  readonly deadlineMs: bigint;
  /** For how long the drain may take, in milliseconds. */
  readonly drainGraceMs: bigint;
}

/** O to S: nothing is in flight any more, but for what `openConnsRemaining` counts. */
export interface Drained {
  /** The name of the message. */
  readonly type: "Drained";
  /** Connections that are open still: those that are kept for the successor. */
  readonly openConnsRemaining: number;
  /** Whether nothing is accepted any more. */
  readonly acceptClosed: boolean;
}

/** S to O: flush and close the state. */
export interface SealRequest {
  /** The name of the message. */
  readonly type: "SealRequest";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
}

/** O to S: how far the seal is. */
export interface SealProgress {
  /** The name of the message. */
  readonly type: "SealProgress";
  /** How many shards are sealed. */
  readonly shardsSealed: number;
  /** How many there are. */
  readonly shardsTotal: number;
  /** The newest revision so far. */
  readonly lastRevision: bigint;
}

/** O to S: the state is flushed and closed. */
export interface SealComplete {
  /** The name of the message. */
  readonly type: "SealComplete";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
  /** The revision that each shard was sealed at; none where the state does not count them. */
  readonly lastRevisionPerShard: readonly bigint[];
  /** 32 bytes. */
  readonly dataDirFingerprint: Uint8Array;
}

/** O to S: the state could not be sealed; O serves on. */
export interface SealFailed {
  /** The name of the message. */
  readonly type: "SealFailed";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
  /** Why not. */
  readonly error: string;
  /** Always empty in version 1. */
  readonly partialState: string;
}

/** S to N: the data directory is yours. */
export interface Begin {
  /** The name of the message. */
  readonly type: "Begin";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
}

/** N to S: the lock is held, the state is open, and N serves. */
export interface Ready {
  /** The name of the message. */
  readonly type: "Ready";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
  /** The addresses of the listeners. */
  readonly listeningOn: readonly string[];
  /** False has the handoff rolled back. */
  readonly healthzOk: boolean;
  /** The revision of each shard as N has opened it. */
  readonly advertisedRevisionPerShard: readonly bigint[];
}

/** S to O: the successor serves; exit. */
export interface Commit {
  /** The name of the message. */
  readonly type: "Commit";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
}

/** S to N: the handoff is called off; exit. O understands it as {@linkcode ResumeAfterAbort}. */
export interface Abort {
  /** The name of the message. */
  readonly type: "Abort";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
  /** Why. */
  readonly reason: string;
}

/** S to O: the successor is gone; serve again. */
export interface ResumeAfterAbort {
  /** The name of the message. */
  readonly type: "ResumeAfterAbort";
  /** Which handoff this is about: a UUID, version 4. */
  readonly handoffId: string;
}

/** O to S and N to S: the sender lives, though it has nothing to say. */
export interface Heartbeat {
  /** The name of the message. */
  readonly type: "Heartbeat";
  /** The sender's clock, in milliseconds since 1970: for diagnosis only. */
  readonly tsMs: bigint;
}
