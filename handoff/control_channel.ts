import { HandoffError } from "../lock/errors.ts";
import { Heart, type Heartbeats } from "./heartbeat.ts";
import type { Os } from "./os.ts";
import { encodeFrame, FrameReader } from "./protocol/frames.ts";
import type { Message } from "./protocol/messages.ts";
import type { ReceiveOptions } from "./receive_patience.ts";
import { type MessageSource, StreamSocket, type StreamSocketOptions } from "./stream_socket.ts";
import { HEARTBEAT_INTERVAL_MS } from "./timeouts.ts";

export type { ReceiveOptions } from "./receive_patience.ts";

/**
 * One session on the control socket: whole frames in order, each way, over a stream socket that it owns.
 *
 * A peer that breaks the protocol, goes away in the middle of a frame or does not take one closes the channel, and so
 * does disposing of it; every later call rejects with what closed it.
 */
export class ControlChannel implements Disposable {
  readonly #socket: StreamSocket;
  readonly #heart: Heart;
  readonly #frames: MessageSource<Message>;
  #beating = false;

  /** A channel over `fd`, which it owns from now on. */
  constructor(os: Os, fd: number, options: Pick<StreamSocketOptions, "writeTimeout"> = {}) {
    this.#heart = new Heart(os, fd);
    this.#socket = new StreamSocket(os, fd, { ...options, beforeClose: () => this.#heart[Symbol.dispose]() });
    this.#frames = framesOf(os);
  }

  /** The socket, for its peer's credentials; -1 when the channel is closed. */
  get fd(): number {
    return this.#socket.fd;
  }

  /**
   * Sends one frame, behind those that are still on their way. Rejects with a `ProtocolError` for a message that cannot be
   * encoded, a `ChannelTimeoutError` `"write"` when the peer does not take it in 10 s, a `ChannelClosedError` when it is
   * gone, and a `HandoffError` while heartbeats are being sent or too many frames wait.
   */
  async send(message: Message): Promise<void> {
    const frame = encodeFrame(message) as Uint8Array<ArrayBuffer>;
    if (this.#beating) throw new HandoffError(`Cannot send a ${message.type}: heartbeats are being sent`);
    await this.#socket.inTurn(() => this.#socket.write(frame));
  }

  /**
   * The next message, heartbeats included; undefined when the peer has closed its end between two frames. Rejects with a
   * `ChannelTimeoutError`, after which the next call goes on in the middle of the frame; and, closing the channel, with a
   * `ProtocolError` for bytes that are no frame or a `ChannelClosedError` for an end inside one.
   */
  async receive(options: ReceiveOptions = {}): Promise<Message | undefined> {
    return await this.#socket.receive(this.#frames, options);
  }

  /**
   * Sends a heartbeat every `intervalMs` until the result is disposed of, from a thread of their own: also while the event
   * loop of this one is blocked. Where a worker cannot be had a timer sends them, and the result says so.
   */
  async heartbeats(intervalMs: number = HEARTBEAT_INTERVAL_MS): Promise<Heartbeats> {
    if (this.#beating) throw new HandoffError("Cannot start heartbeats: they are being sent already");
    this.#beating = true;
    try {
      await this.#socket.inTurn(() => this.prepareHeartbeats());
      this.#socket.check();
    } catch (error) {
      this.#beating = false;
      throw error;
    }
    this.#heart.start(intervalMs);
    const { survivesBlocking, cause } = this.#heart;
    return { survivesBlocking, cause, [Symbol.asyncDispose]: () => this.#stopHeartbeats() };
  }

  /** Starts the thread already, which takes some tens of milliseconds, so that {@linkcode heartbeats} need not. */
  async prepareHeartbeats(): Promise<void> {
    this.#socket.check();
    await this.#heart.prepare();
  }

  /** Closes the channel; pending waits reject. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  async #stopHeartbeats(): Promise<void> {
    if (!this.#beating) return;
    const rest = this.#heart.stop();
    this.#beating = false;
    // A failure closes the channel, and the next call tells it.
    await this.#socket.inTurn(() => this.#socket.write(rest)).catch(() => {});
  }
}

function framesOf(os: Os): MessageSource<Message> {
  const reader = new FrameReader();
  const buffer = new Uint8Array(READ_BYTES);
  return {
    get pendingBytes(): number {
      return reader.pendingBytes;
    },
    next: () => reader.next(),
    read(fd): number | undefined {
      const count = os.receive(fd, buffer);
      if (count !== undefined) reader.push(buffer.subarray(0, count));
      return count;
    },
  };
}

const READ_BYTES = 16 * 1024;
