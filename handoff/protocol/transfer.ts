import { ProtocolError } from "./errors.ts";
import { Received } from "./received.ts";
import {
  array,
  count,
  decodeUtf8,
  flag,
  integer,
  object,
  oneOf,
  parseJson,
  record,
  type Shape,
  text,
} from "./shapes.ts";
import type {
  ConnectionsAdopted,
  ConnectionsReply,
  ConnectionsRequest,
  ListenersReply,
  ListenersRequest,
  LockReply,
  LockRequest,
  PassedConnection,
  ServingReply,
  ServingRequest,
  Stopping,
  TransferReply,
  TransferRequest,
  Unsupported,
  WatchReply,
  WatchRequest,
} from "./transfer_messages.ts";

export type * from "./transfer_messages.ts";

/** The version of the transfer protocol that this module speaks. */
export const TRANSFER_VERSION = 1;

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

/** What a message without its header says to O. Throws a {@linkcode ProtocolError} `"codec"`. */
export function decodeTransferRequest(body: Uint8Array): TransferRequest {
  return decodeBody(body, REQUESTS);
}

/** What a message without its header says to N or a supervisor. Throws a {@linkcode ProtocolError} `"codec"`. */
export function decodeTransferReply(body: Uint8Array): TransferReply {
  return decodeBody(body, REPLIES);
}

/**
 * Finds the messages in a stream of bytes, wherever its chunks begin and end. After an error the stream cannot be
 * trusted any more: every further call of `next()` throws the same error.
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
export class TransferReader<Message extends TransferRequest | TransferReply> {
  readonly #received = new Received();
  readonly #decode: (body: Uint8Array) => Message;
  #failure: unknown;

  /** A reader of the messages that `decode` understands. */
  constructor(decode: (body: Uint8Array) => Message) {
    this.#decode = decode;
  }

  /** Adds what arrived. */
  push(chunk: Uint8Array): void {
    if (this.#failure === undefined) this.#received.push(chunk);
  }

  /** The next message; undefined until it has arrived as a whole. Throws a {@linkcode ProtocolError}. */
  next(): Message | undefined {
    return this.#orFail(() => {
      const length = this.#bodyLength();
      if (length === undefined || this.#received.length < HEADER_BYTES + length) return undefined;
      const message = this.#decode(this.#received.peek(HEADER_BYTES + length)!.subarray(HEADER_BYTES));
      this.#received.drop(HEADER_BYTES + length);
      return message;
    });
  }

  /**
   * How many bytes may be read without reading into the next message, whose descriptors would be taken for this one's:
   * first what is left of the header, then what is left of the message; 0 when `next()` has a message. Throws a
   * {@linkcode ProtocolError} as `next()` does.
   */
  needed(): number {
    return this.#orFail(() => {
      const length = this.#bodyLength();
      const end = length === undefined ? HEADER_BYTES : HEADER_BYTES + length;
      return Math.max(0, end - this.#received.length);
    });
  }

  /** How many bytes arrived that no message was made of yet; more than 0 after the last `next()`: inside a message. */
  get pendingBytes(): number {
    return this.#received.length;
  }

  #bodyLength(): number | undefined {
    const header = this.#received.peek(HEADER_BYTES);
    if (header === undefined) return undefined;
    const length = new DataView(header.buffer, header.byteOffset).getUint32(0, true);
    if (length === 0) throw new ProtocolError("frame-malformed", "Cannot read a transfer message: its length is 0");
    if (length <= MAX_TRANSFER_BYTES) return length;
    throw new ProtocolError("frame-too-large", `Cannot read a transfer message ${tooLarge(length)}`);
  }

  #orFail<T>(step: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return step();
    } catch (error) {
      this.#failure = error;
      this.#received.clear();
      throw error;
    }
  }
}

const lockRefused = object<LockReply & { ok: false }>({ verb: oneOf("lock"), ok: oneOf(false), reason: text });
const lockGiven = object<LockReply & { ok: true }>({ verb: oneOf("lock"), ok: oneOf(true) });
const connectionsRequest = object<ConnectionsRequest>({ verb: oneOf("connections"), names: array(text), max: count });
const connectionsAdopted = object<ConnectionsAdopted>({ verb: oneOf("connections"), adopted: array(count) });
const unsupported = object<Unsupported>({ verb: oneOf("unsupported"), of: text });

const REQUESTS: Verbs<TransferRequest> = {
  lock: object<LockRequest>({ verb: oneOf("lock"), handoffId: text }),
  serving: object<ServingRequest>({ verb: oneOf("serving"), handoffId: text, pid: count }),
  connections: (value, at) =>
    Object.hasOwn(record(value, at), "adopted") ? connectionsAdopted(value, at) : connectionsRequest(value, at),
  listeners: object<ListenersRequest>({ verb: oneOf("listeners") }),
  watch: object<WatchRequest>({ verb: oneOf("watch") }),
  unsupported,
};

const REPLIES: Verbs<TransferReply> = {
  lock: (value, at) => record(value, at).ok === true ? lockGiven(value, at) : lockRefused(value, at),
  serving: object<ServingReply>({ verb: oneOf("serving"), ok: flag }),
  connections: object<ConnectionsReply>({
    verb: oneOf("connections"),
    items: array(object<PassedConnection>({ id: count, listener: text, kind: text })),
    done: flag,
    descriptors: count,
  }),
  listeners: object<ListenersReply>({ verb: oneOf("listeners"), names: array(text) }),
  watch: object<WatchReply>({ verb: oneOf("watch"), ok: oneOf(true), pid: count, buildId: text, dataDir: text }),
  stopping: object<Stopping>({ verb: oneOf("stopping"), code: integer, reason: text }),
  unsupported,
};

/** How to read the fields of each verb. */
type Verbs<Message extends { readonly verb: string }> = {
  readonly [Verb in Message["verb"]]: Shape<Extract<Message, { verb: Verb }>>;
};

function decodeBody<Message extends { readonly verb: string }>(
  body: Uint8Array,
  verbs: Verbs<Message>,
): Message | Unsupported {
  const message = record(parseJson(decodeUtf8(body)), "a transfer message");
  const verb = text(message.verb ?? "", "the verb");
  if (message.v !== TRANSFER_VERSION || !Object.hasOwn(verbs, verb)) return { verb: "unsupported", of: verb };
  return verbs[verb as Message["verb"]](message, verb);
}

function tooLarge(length: number): string {
  return `of ${length} bytes: at most ${MAX_TRANSFER_BYTES} are allowed`;
}
