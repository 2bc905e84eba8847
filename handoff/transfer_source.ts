import type { Os } from "./os.ts";
import { ProtocolError } from "./protocol/protocol_error.ts";
import { TransferReader, type TransferReply, type TransferRequest } from "./protocol/transfer.ts";
import { ReceivedDescriptors } from "./received_descriptors.ts";
import type { MessageSource } from "./stream_socket.ts";

/** A message with what came with it. */
export interface TransferReceived<Message> {
  readonly message: Message;
  /** To be disposed of; empty for a message that is not understood. */
  readonly descriptors: ReceivedDescriptors;
  /** Whether descriptors were lost on the way, as where this process may open no more; those that came are the first. */
  readonly truncated: boolean;
}

type Any = TransferRequest | TransferReply;

/** Makes messages of what arrives on a transfer socket, and keeps each one's descriptors with it. */
export class TransferSource implements Disposable {
  readonly #os: Os;
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #reader = new TransferReader<Any>((body) => this.#decode(body));
  #decode: (body: Uint8Array) => Any = () => ({ verb: "unsupported", of: "" });
  #arrived: ReceivedDescriptors;
  #truncated = false;

  constructor(os: Os) {
    this.#os = os;
    this.#arrived = new ReceivedDescriptors(os, []);
  }

  /** The messages that `decode` understands. */
  of<Message extends Any>(decode: (body: Uint8Array) => Message): MessageSource<TransferReceived<Message>> {
    this.#decode = decode;
    const reader = this.#reader;
    return {
      get pendingBytes(): number {
        return reader.pendingBytes;
      },
      next: () => {
        const message = reader.next();
        return message === undefined ? undefined : this.#received(message as Message);
      },
      read: (fd) => this.#read(fd),
    };
  }

  /** Closes the descriptors of a message that is not whole. */
  [Symbol.dispose](): void {
    this.#arrived[Symbol.dispose]();
  }

  #received<Message extends Any>(message: Message): TransferReceived<Message> {
    // Their purpose is unknown.
    if (message.verb === "unsupported") this.#arrived[Symbol.dispose]();
    const received = { message, descriptors: this.#arrived, truncated: this.#truncated };
    this.#arrived = new ReceivedDescriptors(this.#os, []);
    this.#truncated = false;
    return received;
  }

  /** Never reads beyond a message: the descriptors of the next one would be taken for this one's. */
  #read(fd: number): number | undefined {
    const first = this.#reader.pendingBytes === 0;
    const room = this.#buffer.subarray(0, this.#reader.needed());
    const received = this.#os.receiveDescriptors(fd, room);
    if (received === undefined) return undefined;
    const { bytes, descriptors, truncated } = received;
    const arrived = new ReceivedDescriptors(this.#os, descriptors);
    if (first) this.#arrived = arrived;
    else if (descriptors.length > 0) {
      arrived[Symbol.dispose]();
      throw new ProtocolError(
        "frame-malformed",
        "Cannot read a transfer message: descriptors came in the middle of it",
      );
    }
    this.#truncated ||= truncated;
    this.#reader.push(this.#buffer.subarray(0, bytes));
    return bytes;
  }
}

const READ_BYTES = 4 * 1024;
