import { ChannelClosedError, ChannelTimeoutError } from "../channel_errors.ts";
import type { Os } from "../os.ts";
import { LineReader } from "../protocol/trigger.ts";
import { TRIGGER_MS } from "../timeouts.ts";

/** Lines over a stream socket, which it owns. */
export class LineChannel implements Disposable {
  readonly #os: Os;
  readonly #fd: number;
  readonly #reader: LineReader;
  readonly #buffer = new Uint8Array(16 * 1024);
  /** Sends follow each other. */
  #sending: Promise<void> = Promise.resolve();
  #closed = false;

  /** Lines of at most `maxBytes`, the newline included, are received. */
  constructor(os: Os, fd: number, maxBytes: number) {
    this.#os = os;
    this.#fd = fd;
    this.#reader = new LineReader(maxBytes);
  }

  /**
   * The next line; undefined at the end of the stream. Rejects with `ProtocolError` for a line that is too long, with
   * `ChannelTimeoutError` when it is not there within `timeout` milliseconds, and with the signal's reason.
   */
  async receive(
    { timeout, signal }: { timeout?: number | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<string | undefined> {
    const end = timeout === undefined ? Infinity : performance.now() + timeout;
    while (true) {
      const line = this.#reader.next();
      if (line !== undefined) return line;
      if (this.#closed) throw new ChannelClosedError("The connection was closed");
      const left = end === Infinity ? undefined : Math.max(0, end - performance.now());
      if (!await this.#os.readable(this.#fd, { timeout: left, signal })) {
        throw new ChannelTimeoutError("timeout", timeout!);
      }
      if (this.#closed) throw new ChannelClosedError("The connection was closed");
      const count = this.#os.receive(this.#fd, this.#buffer);
      if (count === 0) return undefined;
      if (count !== undefined) this.#reader.push(this.#buffer.subarray(0, count));
    }
  }

  /** Resolves when all is sent; rejects with `ChannelTimeoutError` when the peer does not take it. */
  async send(bytes: Uint8Array): Promise<void> {
    const sending = this.#sending.then(() => this.#send(bytes));
    this.#sending = sending.catch(() => {});
    await sending;
  }

  /** Closes the connection, after what is being sent. */
  async end(): Promise<void> {
    await this.#sending;
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#os.close(this.#fd);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let rest = new Uint8Array(bytes); rest.length > 0;) {
      if (this.#closed) throw new ChannelClosedError("The connection was closed");
      const taken = this.#os.send(this.#fd, rest);
      rest = rest.slice(taken);
      if (taken > 0) continue;
      if (!await this.#os.writable(this.#fd, { timeout: TRIGGER_MS })) {
        throw new ChannelTimeoutError("write", TRIGGER_MS);
      }
    }
  }
}
