import { assertEquals, assertThrows } from "@std/assert";
import { nextStep, type SessionState } from "../../../handoff/daemon/session_state.ts";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import type { Message, MessageType } from "../../../handoff/protocol/messages.ts";
import { claim } from "../../support/claim.ts";

const ID = "00112233-4455-6677-8899-aabbccddeeff";
const OTHER = "ffeeddcc-bbaa-9988-7766-554433221100";

/** One message of each type, about the handoff `handoffId`. */
function messages(handoffId: string): Record<MessageType, Message> {
  return {
    Hello: {
      type: "Hello",
      role: "successor",
      pid: 1,
      buildId: new Uint8Array(),
      protoMin: 1,
      protoMax: 1,
      capabilities: 0n,
    },
    HelloAck: { type: "HelloAck", protoVersionChosen: 1, handoffId },
    PrepareHandoff: { type: "PrepareHandoff", handoffId, successorPid: 1, deadlineMs: 1n, drainGraceMs: 1n },
    Drained: { type: "Drained", openConnsRemaining: 0, acceptClosed: true },
    SealRequest: { type: "SealRequest", handoffId },
    SealProgress: { type: "SealProgress", shardsSealed: 0, shardsTotal: 0, lastRevision: 0n },
    SealComplete: {
      type: "SealComplete",
      handoffId,
      lastRevisionPerShard: [],
      dataDirFingerprint: new Uint8Array(32),
    },
    SealFailed: { type: "SealFailed", handoffId, error: "", partialState: "" },
    Begin: { type: "Begin", handoffId },
    Ready: { type: "Ready", handoffId, listeningOn: [], healthzOk: true, advertisedRevisionPerShard: [] },
    Commit: { type: "Commit", handoffId },
    Abort: { type: "Abort", handoffId, reason: "no" },
    ResumeAfterAbort: { type: "ResumeAfterAbort", handoffId },
    Heartbeat: { type: "Heartbeat", tsMs: 0n },
  };
}

/** What an incumbent does in each state; whatever is not here is an error. */
const ALLOWED: readonly [SessionState, Partial<Record<MessageType, string>>][] = [
  [{ phase: "idle" }, { PrepareHandoff: "drain", Heartbeat: "answer-heartbeat" }],
  [{ phase: "drained", handoffId: ID }, {
    SealRequest: "seal",
    Abort: "resume",
    ResumeAfterAbort: "resume",
    Heartbeat: "answer-heartbeat",
  }],
  [{ phase: "sealed", handoffId: ID }, {
    Commit: "commit",
    Abort: "resume",
    ResumeAfterAbort: "resume",
    Heartbeat: "answer-heartbeat",
  }],
];

for (const [state, allowed] of ALLOWED) {
  claim(
    `a session that is ${state.phase} takes these steps and no others: ${Object.values(allowed).join(", ")}`,
    () => {
      for (const [type, message] of Object.entries(messages(ID))) {
        const step = allowed[type as MessageType];
        if (step === undefined) assertThrows(() => nextStep(state, message), ProtocolError, type);
        else assertEquals(nextStep(state, message).step, step);
      }
    },
  );

  claim(`a session that is ${state.phase} takes no step of another handoff`, () => {
    const { PrepareHandoff, Heartbeat: _, ...others } = messages(OTHER);
    const about = state.phase === "idle" ? others : { PrepareHandoff, ...others };
    for (const message of Object.values(about)) assertThrows(() => nextStep(state, message), ProtocolError);
  });
}
