import { ProtocolError } from "./protocol_error.ts";
import type { Hello, HelloAck } from "./messages.ts";

/** The oldest version of the protocol that this module speaks. */
export const PROTO_MIN = 1;

/** The newest version of the protocol that this module speaks; a Hello is sent with it. */
export const PROTO_MAX = 1;

/**
 * The newest version that both sides speak, to be sent as `protoVersionChosen`. Throws a {@linkcode ProtocolError} of
 * the code `"version-mismatch"` when there is none: the session is closed without a HelloAck.
 */
export function negotiate({ protoMin, protoMax }: Pick<Hello, "protoMin" | "protoMax">): number {
  const chosen = Math.min(PROTO_MAX, protoMax);
  if (chosen >= Math.max(PROTO_MIN, protoMin)) return chosen;
  throw new ProtocolError(
    "version-mismatch",
    `Cannot agree on a version of the handoff protocol: the peer speaks ${protoMin} to ${protoMax}, ` +
      `this side ${PROTO_MIN} to ${PROTO_MAX}`,
  );
}

/**
 * Checks the version that the supervisor chose. Throws a {@linkcode ProtocolError} of the code `"version-mismatch"`
 * for one that this module does not speak.
 */
export function checkChosenVersion({ protoVersionChosen }: Pick<HelloAck, "protoVersionChosen">): void {
  if (protoVersionChosen >= PROTO_MIN && protoVersionChosen <= PROTO_MAX) return;
  throw new ProtocolError(
    "version-mismatch",
    `Cannot speak version ${protoVersionChosen} of the handoff protocol, which the supervisor chose: ` +
      `this side speaks ${PROTO_MIN} to ${PROTO_MAX}`,
  );
}
