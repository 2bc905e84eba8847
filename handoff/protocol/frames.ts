import { decodeMessage, encodeMessage } from "./codec.ts";
import { ProtocolError } from "./errors.ts";
import type { Message } from "./messages.ts";
import { Received } from "./received.ts";
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
 * Finds the messages in a stream of bytes, wherever its chunks begin and end. After an error the stream cannot be
 * trusted any more: every further call of `next()` throws the same error.
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
export class FrameReader {
  readonly #received = new Received();
  #failure: unknown;

  /** Adds what arrived. */
  push(chunk: Uint8Array): void {
    if (this.#failure === undefined) this.#received.push(chunk);
  }

  /** The next message; undefined until it has arrived as a whole. Throws a {@linkcode ProtocolError}. */
  next(): Message | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#next();
    } catch (error) {
      this.#failure = error;
      this.#received.clear();
      throw error;
    }
  }

  /** How many bytes arrived that no message was made of yet; more than 0 after the last `next()`: inside a frame. */
  get pendingBytes(): number {
    return this.#received.length;
  }

  /** To be called at the stream's end: throws a {@linkcode ProtocolError} `"frame-truncated"` inside a frame. */
  finish(): void {
    if (this.pendingBytes === 0) return;
    throw new ProtocolError(
      "frame-truncated",
      `The stream ended inside a frame, after ${this.pendingBytes} bytes of it`,
    );
  }

  #next(): Message | undefined {
    const header = this.#received.peek(LENGTH_BYTES);
    if (header === undefined) return undefined;
    const length = new DataView(header.buffer, header.byteOffset).getUint32(0, true);
    if (length < VERSION_BYTES) {
      throw new ProtocolError("frame-malformed", `Cannot read a frame: its length is ${length}, too short for any`);
    }
    if (length > MAX_FRAME_BYTES) throw new ProtocolError("frame-too-large", `Cannot read a frame ${tooLarge(length)}`);
    const frame = this.#received.peek(LENGTH_BYTES + length);
    if (frame === undefined) return undefined;
    // The version is not checked: the reader of the Rust crate does not either, and Hello and HelloAck settle it.
    const message = decodeMessage(frame.subarray(LENGTH_BYTES + VERSION_BYTES));
    this.#received.drop(frame.length);
    return message;
  }
}

const LENGTH_BYTES = 4;
const VERSION_BYTES = 2;

function tooLarge(length: number): string {
  return `of ${length} bytes: at most ${MAX_FRAME_BYTES} are allowed`;
}
