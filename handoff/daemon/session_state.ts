import { ProtocolError } from "../protocol/protocol_error.ts";
import type { Message, PrepareHandoff } from "../protocol/messages.ts";

/**
 * How far a session with a supervisor is, in the incumbent's eyes. Between `drained` and `sealed` lies the seal. What is
 * called off, or goes wrong, leads back to `idle`.
 */
export type SessionState =
  | { readonly phase: "idle" }
  | { readonly phase: "draining"; readonly handoffId: string }
  | { readonly phase: "drained"; readonly handoffId: string }
  | { readonly phase: "sealed"; readonly handoffId: string };

/** What a message asks the incumbent to do. */
export type SessionStep =
  | { readonly step: "drain"; readonly request: PrepareHandoff }
  | { readonly step: "seal" }
  | { readonly step: "commit" }
  | { readonly step: "resume"; readonly reason: string }
  | { readonly step: "answer-heartbeat" };

/** What `message` asks for in this state. Throws a {@linkcode ProtocolError} where it asks for what must not be done. */
export function nextStep(state: SessionState, message: Message): SessionStep {
  switch (message.type) {
    case "Heartbeat":
      return { step: "answer-heartbeat" };
    case "PrepareHandoff":
      if (state.phase !== "idle") throw unexpected(state, message);
      return { step: "drain", request: message };
    case "SealRequest":
      requireActive(state, message);
      if (state.phase !== "drained") throw unexpected(state, message);
      return { step: "seal" };
    case "Commit":
      requireActive(state, message);
      if (state.phase !== "sealed") throw unexpected(state, message);
      return { step: "commit" };
    case "Abort":
      requireActive(state, message);
      return { step: "resume", reason: message.reason };
    case "ResumeAfterAbort":
      requireActive(state, message);
      return { step: "resume", reason: "the supervisor called it off" };
    default:
      throw unexpected(state, message);
  }
}

function requireActive(state: SessionState, message: Message & { readonly handoffId: string }): void {
  if (state.phase === "idle") throw unexpected(state, message);
  if (state.handoffId === message.handoffId) return;
  throw new ProtocolError(
    "handoff-mismatch",
    `Cannot accept ${message.type} of handoff ${message.handoffId}: this session is about ${state.handoffId}`,
  );
}

function unexpected({ phase }: SessionState, { type }: Message): ProtocolError {
  return new ProtocolError("unexpected-message", `Cannot accept ${type} now: the session is ${phase}`);
}
