import { ProtocolError } from "./protocol_error.ts";
import type { Received } from "./received.ts";
import { StreamReader } from "./stream_reader.ts";
import { TRANSFER_VERSION, type TransferReply, type TransferRequest } from "./transfer_messages.ts";

export { decodeTransferReply, decodeTransferRequest } from "./transfer_decode.ts";
export * from "./transfer_messages.ts";

/** How many bytes say how long a message is. The descriptors of a message come with the first of them. */
export const HEADER_BYTES = 4;

/** The most that a message may have after its header: 64 KiB. */
export const MAX_TRANSFER_BYTES: number = 64 * 1024;

/**
 * The bytes of a message: its length and its JSON. Throws a {@linkcode ProtocolError} `"frame-too-large"` where the
 * peer would refuse the length.
 */
export function encodeTransfer(message: TransferRequest | TransferReply): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify({ v: TRANSFER_VERSION, ...message }));
  if (body.length > MAX_TRANSFER_BYTES) {
    throw new ProtocolError("frame-too-large", `Cannot send a ${message.verb} message ${tooLarge(body.length)}`);
  }
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length, true);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/**
 * Finds the messages in a stream of bytes, wherever its chunks begin and end.
 *
 * ```ts
 * import { decodeTransferRequest, encodeTransfer, HEADER_BYTES, TransferReader } from "./transfer.ts";
 *
 * const bytes = encodeTransfer({ verb: "listeners" });
 * const reader = new TransferReader(decodeTransferRequest);
 * console.log(reader.needed()); // 4
 * reader.push(bytes.subarray(0, HEADER_BYTES));
 * reader.push(bytes.subarray(HEADER_BYTES, HEADER_BYTES + reader.needed()));
 * console.log(reader.next()); // { verb: "listeners" }
 * ```
 */
export class TransferReader<Message extends TransferRequest | TransferReply> extends StreamReader<Message> {
  readonly #decode: (body: Uint8Array) => Message;

  /** A reader of the messages that `decode` understands. */
  constructor(decode: (body: Uint8Array) => Message) {
    super();
    this.#decode = decode;
  }

  /**
   * How many bytes may be read without reading into the next message, whose descriptors would be taken for this one's:
   * first what is left of the header, then what is left of the message; 0 when `next()` has a message. Throws a
   * {@linkcode ProtocolError} as `next()` does.
   */
  needed(): number {
    return this.attempt((received) => Math.max(0, HEADER_BYTES + (bodyLength(received) ?? 0) - received.length));
  }

  protected override take(received: Received): Message | undefined {
    const length = bodyLength(received);
    const bytes = length === undefined ? undefined : received.peek(HEADER_BYTES + length);
    if (bytes === undefined) return undefined;
    const message = this.#decode(bytes.subarray(HEADER_BYTES));
    received.drop(bytes.length);
    return message;
  }
}

function bodyLength(received: Received): number | undefined {
  const length = received.peekU32();
  if (length === 0) throw new ProtocolError("frame-malformed", "Cannot read a transfer message: its length is 0");
  if (length === undefined || length <= MAX_TRANSFER_BYTES) return length;
  throw new ProtocolError("frame-too-large", `Cannot read a transfer message ${tooLarge(length)}`);
}

function tooLarge(length: number): string {
  return `of ${length} bytes: at most ${MAX_TRANSFER_BYTES} are allowed`;
}
