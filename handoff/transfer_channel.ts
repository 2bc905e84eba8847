import { HandoffError } from "../lock/errors.ts";
import { ChannelClosedError, ChannelTimeoutError, NothingSentError } from "./channel_errors.ts";
import type { Os } from "./os.ts";
import {
  decodeTransferReply,
  decodeTransferRequest,
  encodeTransfer,
  type TransferReply,
  type TransferRequest,
} from "./protocol/transfer.ts";
import type { ReceiveOptions } from "./receive_patience.ts";
import { StreamSocket, type StreamSocketOptions } from "./stream_socket.ts";
import { type TransferReceived, TransferSource } from "./transfer_source.ts";

export type { ReceivedDescriptors } from "./received_descriptors.ts";
export type { TransferReceived } from "./transfer_source.ts";

/** The most descriptors that one message may carry (`SCM_MAX_FD`). */
export const MAX_DESCRIPTORS = 253;

/**
 * One connection to the transfer socket: messages with descriptors, in order, over a stream socket that it owns. What
 * closes it is what closes a `ControlChannel`; descriptors that have arrived by then, and belong to no caller, are closed.
 */
export class TransferChannel implements Disposable {
  readonly #os: Os;
  readonly #socket: StreamSocket;
  readonly #source: TransferSource;

  /** A channel over `fd`, which it owns from now on. */
  constructor(os: Os, fd: number, options: Pick<StreamSocketOptions, "writeTimeout"> = {}) {
    this.#os = os;
    this.#source = new TransferSource(os);
    this.#socket = new StreamSocket(os, fd, { ...options, beforeClose: () => this.#source[Symbol.dispose]() });
  }

  /** The socket, for its peer's credentials; -1 when the channel is closed. */
  get fd(): number {
    return this.#socket.fd;
  }

  /**
   * Sends a message and copies of at most {@linkcode MAX_DESCRIPTORS} descriptors, which stay the caller's.
   *
   * Rejects with a {@linkcode NothingSentError} where certainly nothing was sent, after which the channel can go on unless
   * the peer is gone. After any other error the peer may have the descriptors.
   */
  async send(message: TransferRequest | TransferReply, descriptors: readonly number[] = []): Promise<void> {
    let begun = false;
    try {
      await this.#socket.inTurn(async () => {
        const bytes = encodeTransfer(message) as Uint8Array<ArrayBuffer>;
        const taken = await this.#begin(bytes, descriptors);
        begun = true;
        await this.#socket.write(bytes.subarray(taken));
      });
    } catch (error) {
      throw begun ? error : new NothingSentError(message.verb, error as Error);
    }
  }

  /** For O: the next request; undefined when the peer has closed its end. Rejects as `ControlChannel.receive` does. */
  receiveRequest(options?: ReceiveOptions): Promise<TransferReceived<TransferRequest> | undefined> {
    return this.#socket.receive(this.#source.of(decodeTransferRequest), options);
  }

  /** For N and the supervisor: the next reply, likewise. */
  receiveReply(options?: ReceiveOptions): Promise<TransferReceived<TransferReply> | undefined> {
    return this.#socket.receive(this.#source.of(decodeTransferReply), options);
  }

  /** Closes the channel; pending waits reject. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  /** Sends the first bytes, and with them the descriptors: how many bytes were taken, at least one. */
  async #begin(bytes: Uint8Array<ArrayBuffer>, descriptors: readonly number[]): Promise<number> {
    if (descriptors.length > MAX_DESCRIPTORS) {
      throw new HandoffError(`${descriptors.length} descriptors are too many for one message: ${MAX_DESCRIPTORS} fit`);
    }
    const end = performance.now() + this.#socket.writeTimeout;
    for (;;) {
      this.#socket.check();
      const taken = this.#trySend(bytes, descriptors);
      if (taken > 0) return taken;
      if (await this.#socket.writable(end - performance.now())) continue;
      throw new ChannelTimeoutError("write", this.#socket.writeTimeout);
    }
  }

  #trySend(bytes: Uint8Array<ArrayBuffer>, descriptors: readonly number[]): number {
    try {
      if (descriptors.length === 0) return this.#os.send(this.fd, bytes);
      return this.#os.sendDescriptors(this.fd, bytes, descriptors);
    } catch (error) {
      // Others, such as ETOOMANYREFS, are about the descriptors: the two can still talk.
      if (!PEER_GONE.includes((error as { code?: string }).code ?? "")) throw error;
      throw this.#socket.fail(
        new ChannelClosedError(`The peer is gone: ${(error as Error).message}`, { cause: error }),
      );
    }
  }
}

const PEER_GONE = ["EPIPE", "ECONNRESET", "ENOTCONN"];
