import type { Message, MessageType } from "./messages.ts";
import { type Codec, decode, encode, type Fields } from "./postcard.ts";
import { bool, bytes, fixedBytes, list, oneOf, string, struct, u16, u32, u64, uuid } from "./postcard_types.ts";

/** The payload of a frame; throws a {@linkcode ProtocolError} for a value that its field has no room for. */
export function encodeMessage(message: Message): Uint8Array {
  return encode(anyMessage, message);
}

/**
 * The message at the start of a frame's payload. Whatever the bytes are, this returns a message or throws a
 * {@linkcode ProtocolError} of the code `"codec"`. The message shares no memory with `payload`.
 */
export function decodeMessage(payload: Uint8Array): Message {
  return decode(anyMessage, payload);
}

type FieldsOf<Type extends MessageType> = Fields<Omit<Extract<Message, { type: Type }>, "type">>;

const handoffId = uuid;

/** Each message with its fields. Both orders are the wire's: a message's place here is its number there. */
const FIELDS: { readonly [Type in MessageType]: FieldsOf<Type> } = {
  Hello: {
    role: oneOf("role", ["incumbent", "successor"]),
    pid: u32,
    buildId: bytes,
    protoMin: u16,
    protoMax: u16,
    capabilities: u64,
  },
  HelloAck: { protoVersionChosen: u16, handoffId },
  PrepareHandoff: { handoffId, successorPid: u32, deadlineMs: u64, drainGraceMs: u64 },
  Drained: { openConnsRemaining: u32, acceptClosed: bool },
  SealRequest: { handoffId },
  SealProgress: { shardsSealed: u32, shardsTotal: u32, lastRevision: u64 },
  SealComplete: { handoffId, lastRevisionPerShard: list(u64), dataDirFingerprint: fixedBytes(32) },
  SealFailed: { handoffId, error: string, partialState: string },
  Begin: { handoffId },
  Ready: { handoffId, listeningOn: list(string), healthzOk: bool, advertisedRevisionPerShard: list(u64) },
  Commit: { handoffId },
  Abort: { handoffId, reason: string },
  ResumeAfterAbort: { handoffId },
  Heartbeat: { tsMs: u64 },
};

const TYPES = Object.keys(FIELDS) as MessageType[];
const messageType = oneOf("message", TYPES);
const BODIES = new Map<MessageType, Codec<object>>(TYPES.map((type) => [type, struct<object>(FIELDS[type])]));

const anyMessage: Codec<Message> = {
  write(sink, message) {
    messageType.write(sink, message.type);
    BODIES.get(message.type)!.write(sink, message);
  },
  read(source) {
    const type = messageType.read(source);
    return { type, ...BODIES.get(type)!.read(source) } as Message;
  },
};
