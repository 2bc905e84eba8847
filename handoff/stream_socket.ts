import { setImmediate } from "node:timers/promises";
import { HandoffError } from "../lock/errors.ts";
import { ChannelClosedError, ChannelTimeoutError } from "./channel_errors.ts";
import type { Os } from "./os.ts";
import { ProtocolError } from "./protocol/protocol_error.ts";
import { Patience, type ReceiveOptions } from "./receive_patience.ts";
import { WRITE_MS } from "./timeouts.ts";

/** How a stream socket is written to and closed. */
export interface StreamSocketOptions {
  /** For each message to be taken by the peer, in milliseconds; 10 s by default. */
  readonly writeTimeout?: number;
  /** Called before the descriptor is closed, for whatever else uses it. */
  readonly beforeClose?: () => void;
}

/** How messages are made of what arrives. */
export interface MessageSource<Message> {
  /** Whether a message has begun to arrive. */
  readonly pendingBytes: number;
  /** The next message of what was read; undefined while it is not whole. A throw closes the socket. */
  next(): Message | undefined;
  /** Reads without waiting: how many bytes came, 0 at the end, undefined when nothing is there. */
  read(fd: number): number | undefined;
}

/**
 * A connected stream socket that it owns, for messages in turn. The first failure closes it for good: whatever is under
 * way, or called later, rejects with that failure.
 */
export class StreamSocket implements Disposable {
  /** For each message to be taken by the peer, in milliseconds. */
  readonly writeTimeout: number;
  readonly #os: Os;
  readonly #beforeClose: () => void;
  readonly #closing = new AbortController();
  #fd: number;
  #failure: Error | undefined;
  #receiving = false;
  /** Settles, never rejects, when the last message is out. */
  #sent: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(os: Os, fd: number, { writeTimeout = WRITE_MS, beforeClose = () => {} }: StreamSocketOptions = {}) {
    this.writeTimeout = writeTimeout;
    this.#os = os;
    this.#fd = fd;
    this.#beforeClose = beforeClose;
  }

  /** -1 when it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** Throws what closed it. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Calls `write` when the messages before it are out. */
  async inTurn(write: () => Promise<void>): Promise<void> {
    if (this.#waiting === MOST_WAITING) {
      throw new HandoffError(`Cannot send: ${MOST_WAITING} messages wait for the peer already`);
    }
    this.#waiting++;
    const written = this.#sent.then(write);
    this.#sent = written.catch(() => {});
    try {
      await written;
    } finally {
      this.#waiting--;
    }
  }

  /** Writes all of `bytes`, or closes the socket: half a message leaves nothing to go on with. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const end = performance.now() + this.writeTimeout;
    for (let sent = 0; sent < bytes.length;) {
      sent += this.orFail(() => this.#os.send(this.#fd, bytes.subarray(sent)));
      if (sent === bytes.length || await this.writable(end - performance.now())) continue;
      throw this.fail(new ChannelTimeoutError("write", this.writeTimeout));
    }
  }

  /** Whether it takes a write before `ms` are over. */
  async writable(ms: number): Promise<boolean> {
    return ms > 0 && await this.#os.writable(this.#fd, { timeout: ms, signal: this.#closing.signal });
  }

  /** The next message of `source`; undefined when the stream ends between two messages. */
  async receive<Message>(source: MessageSource<Message>, options: ReceiveOptions = {}): Promise<Message | undefined> {
    if (this.#receiving) throw new HandoffError("Cannot receive: another call waits for the next message already");
    const patience = new Patience(options);
    this.#receiving = true;
    try {
      return await this.#receive(source, patience, options.signal);
    } finally {
      this.#receiving = false;
    }
  }

  /** What `call` returns; a failure of it closes the socket. */
  orFail<T>(call: () => T): T {
    this.check();
    try {
      return call();
    } catch (error) {
      if (error instanceof ProtocolError) throw this.fail(error);
      throw this.fail(new ChannelClosedError(`The peer is gone: ${(error as Error).message}`, { cause: error }));
    }
  }

  /** Closes it because of `error`, unless something did before; returns what closed it. */
  fail(error: Error): Error {
    if (this.#failure === undefined) {
      this.#failure = error;
      this.#beforeClose();
      this.#closing.abort(error);
      this.#os.close(this.#fd);
      this.#fd = -1;
    }
    return this.#failure;
  }

  [Symbol.dispose](): void {
    this.fail(new ChannelClosedError("The channel was closed"));
  }

  async #receive<Message>(
    source: MessageSource<Message>,
    patience: Patience,
    signal: AbortSignal = this.#closing.signal,
  ): Promise<Message | undefined> {
    const ended = AbortSignal.any([this.#closing.signal, signal]);
    for (let waited = false;;) {
      this.check();
      signal.throwIfAborted();
      const message = this.#next(source);
      if (message !== undefined) {
        // A peer that sends without a pause must not keep timers and signals from running.
        if (!waited) await setImmediate();
        return message;
      }
      const count = this.orFail(() => source.read(this.#fd));
      if (count === 0) return this.#atEnd(source.pendingBytes);
      if (count === undefined) {
        const timeout = patience.left(source.pendingBytes > 0);
        await this.#os.readable(this.#fd, { timeout: timeout === Infinity ? undefined : timeout, signal: ended });
        waited = true;
      } else {
        patience.progress();
      }
    }
  }

  #next<Message>(source: MessageSource<Message>): Message | undefined {
    try {
      return source.next();
    } catch (error) {
      throw this.fail(error as Error);
    }
  }

  #atEnd(pendingBytes: number): undefined {
    if (pendingBytes === 0) return;
    throw this.fail(
      new ChannelClosedError(`The peer is gone: the stream ended inside a message, after ${pendingBytes} bytes of it`),
    );
  }
}

/** A caller that does not wait for its messages must not fill the memory when the peer is slow. */
const MOST_WAITING = 64;
