import { HandoffError } from "../../lock/errors.ts";

/**
 * What was wrong with what a peer said, or with what was to be said to it:
 *
 * - `"frame-malformed"`: a declared length is too small for any message;
 * - `"frame-too-large"`: a message, or its declared length, is beyond the limit;
 * - `"frame-truncated"`: the stream ended inside a message;
 * - `"codec"`: the bytes of a message, a journal or a line do not say what they must, or a value cannot be encoded;
 * - `"unexpected-message"`: a well-formed message at the wrong moment, or from the wrong role;
 * - `"handoff-mismatch"`: a message of another handoff;
 * - `"version-mismatch"`: no version of the protocol is spoken by both sides;
 * - `"pid-mismatch"`: the peer is not the process that was spawned.
 */
export type ProtocolErrorCode =
  | "frame-malformed"
  | "frame-too-large"
  | "frame-truncated"
  | "codec"
  | "unexpected-message"
  | "handoff-mismatch"
  | "version-mismatch"
  | "pid-mismatch";

/** A peer broke the handoff protocol, or was about to be sent something that would: the session must be closed. */
export class ProtocolError extends HandoffError {
  /** The kind of the violation. */
  readonly code: ProtocolErrorCode;

  /** An error of the kind `code`, explained by `message`. */
  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
