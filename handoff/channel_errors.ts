import { HandoffError, SyscallError } from "../lock/errors.ts";

/** The other end is gone, or this one was closed: nothing more can be sent or received. */
export class ChannelClosedError extends HandoffError {}

/**
 * What a peer did not do in time:
 *
 * - `"timeout"`: a whole message did not arrive, however much of it did;
 * - `"silence"`: nothing at all arrived;
 * - `"write"`: it did not take what was sent. The channel is closed then.
 */
export type ChannelTimeoutKind = "timeout" | "silence" | "write";

/** The peer was too slow. After `"timeout"` and `"silence"` the channel can go on where it was. */
export class ChannelTimeoutError extends HandoffError {
  readonly kind: ChannelTimeoutKind;
  /** For how long it was waited for, in milliseconds. */
  readonly ms: number;

  /** An error for a peer that did nothing, or not enough, for `ms`. */
  constructor(kind: ChannelTimeoutKind, ms: number) {
    super(`${TIMEOUTS[kind]} ${Math.round(ms)} ms`);
    this.kind = kind;
    this.ms = ms;
  }
}

const TIMEOUTS: Readonly<Record<ChannelTimeoutKind, string>> = {
  timeout: "The peer sent no whole message within",
  silence: "The peer was silent for",
  write: "The peer did not take a message within",
};

/** Not one byte and not one descriptor of a message was sent: the sender still owns what it was about to give away. */
export class NothingSentError extends HandoffError {
  /** The system's code, such as `"EMFILE"`, `"ETOOMANYREFS"` or `"EPIPE"`, where the system refused it. */
  readonly code?: string | undefined;

  /** An error for a message with `verb`, which `cause` kept from being sent. */
  constructor(verb: string, cause: Error) {
    super(`Nothing of the message "${verb}" was sent: ${cause.message}`, { cause });
    this.code = [cause, cause.cause].map(systemCode).find((code) => code !== undefined);
  }
}

function systemCode(error: unknown): string | undefined {
  return error instanceof SyscallError ? error.code : undefined;
}

/** A process of another user is at the other end of a socket: it was not answered. */
export class PeerNotPermittedError extends HandoffError {
  readonly uid: number;

  /** An error for the user `uid` at the other end of `path`. */
  constructor(path: string, uid: number) {
    super(`Cannot connect to ${JSON.stringify(path)}: it is served by a process of user ${uid}`);
    this.uid = uid;
  }
}
