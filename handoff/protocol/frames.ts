import { decodeMessage, encodeMessage } from "./codec.ts";
import { ProtocolError } from "./protocol_error.ts";
import type { Message } from "./messages.ts";
import type { Received } from "./received.ts";
import { StreamReader } from "./stream_reader.ts";
import { PROTO_MAX } from "./version.ts";

/** The most that a frame's length field may say: 1 MiB. */
export const MAX_FRAME_BYTES: number = 1 << 20;

/**
 * The bytes of one frame: length, version, payload. Throws a {@linkcode ProtocolError}: `"frame-too-large"` where the
 * peer would refuse the length, `"codec"` for a value that its field has no room for.
 */
export function encodeFrame(message: Message, version: number = PROTO_MAX): Uint8Array {
  const payload = encodeMessage(message);
  const length = VERSION_BYTES + payload.length;
  if (length > MAX_FRAME_BYTES) {
    throw new ProtocolError("frame-too-large", `Cannot send a message of type ${message.type} ${tooLarge(length)}`);
  }
  const frame = new Uint8Array(LENGTH_BYTES + length);
  const header = new DataView(frame.buffer);
  header.setUint32(0, length, true);
  header.setUint16(LENGTH_BYTES, version, true);
  frame.set(payload, LENGTH_BYTES + VERSION_BYTES);
  return frame;
}

/**
 * Finds the messages in a stream of bytes, wherever its chunks begin and end.
 *
 * ```ts
 * import { encodeFrame, FrameReader } from "./frames.ts";
 *
 * const frame = encodeFrame({ type: "Heartbeat", tsMs: 0n });
 * const reader = new FrameReader();
 * reader.push(frame.subarray(0, 3));
 * console.log(reader.next(), reader.pendingBytes); // undefined 3
 * reader.push(frame.subarray(3));
 * console.log(reader.next()); // { type: "Heartbeat", tsMs: 0n }
 * ```
 */
export class FrameReader extends StreamReader<Message> {
  /** To be called at the stream's end: throws a {@linkcode ProtocolError} `"frame-truncated"` inside a frame. */
  finish(): void {
    if (this.pendingBytes === 0) return;
    throw new ProtocolError(
      "frame-truncated",
      `The stream ended inside a frame, after ${this.pendingBytes} bytes of it`,
    );
  }

  protected override take(received: Received): Message | undefined {
    const length = received.peekU32();
    if (length === undefined) return undefined;
    if (length < VERSION_BYTES) {
      throw new ProtocolError("frame-malformed", `Cannot read a frame: its length is ${length}, too short for any`);
    }
    if (length > MAX_FRAME_BYTES) throw new ProtocolError("frame-too-large", `Cannot read a frame ${tooLarge(length)}`);
    const frame = received.peek(LENGTH_BYTES + length);
    if (frame === undefined) return undefined;
    // The version is not checked: the reader of the Rust crate does not either, and Hello and HelloAck settle it.
    const message = decodeMessage(frame.subarray(LENGTH_BYTES + VERSION_BYTES));
    received.drop(frame.length);
    return message;
  }
}

const LENGTH_BYTES = 4;
const VERSION_BYTES = 2;

function tooLarge(length: number): string {
  return `of ${length} bytes: at most ${MAX_FRAME_BYTES} are allowed`;
}
