import { ProtocolError } from "./errors.ts";
import { Received } from "./received.ts";
import { decodeUtf8 } from "./shapes.ts";

/**
 * Finds the lines in a stream of bytes, wherever its chunks begin and end. After an error the stream cannot be trusted
 * any more: every further call of `next()` throws the same error.
 */
export class LineReader {
  readonly #received = new Received();
  readonly #maxBytes: number;
  /** How many of the received bytes are known not to be a newline. */
  #searched = 0;
  #failure: unknown;

  /** A reader of lines of at most `maxBytes`, the newline included. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds what arrived. */
  push(chunk: Uint8Array): void {
    if (this.#failure === undefined) this.#received.push(chunk);
  }

  /**
   * The next line, without its newline; undefined until it has arrived as a whole. Throws a {@linkcode ProtocolError}:
   * `"frame-too-large"` as soon as a line is longer than allowed, `"codec"` for one that is not UTF-8.
   */
  next(): string | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#next();
    } catch (error) {
      this.#failure = error;
      this.#received.clear();
      throw error;
    }
  }

  /** How many bytes arrived that belong to no line yet; more than 0 after the last `next()`: inside a line. */
  get pendingBytes(): number {
    return this.#received.length;
  }

  /** To be called at the stream's end: the last line, where it came without a newline. */
  finish(): string | undefined {
    if (this.pendingBytes === 0) return undefined;
    return decodeUtf8(this.#received.peek(this.pendingBytes)!);
  }

  #next(): string | undefined {
    const window = this.#received.peek(Math.min(this.#received.length, this.#maxBytes))!;
    const newline = window.indexOf(NEWLINE, this.#searched);
    if (newline >= 0) {
      const line = decodeUtf8(window.subarray(0, newline));
      this.#received.drop(newline + 1);
      this.#searched = 0;
      return line;
    }
    this.#searched = window.length;
    if (window.length < this.#maxBytes) return undefined;
    throw new ProtocolError("frame-too-large", `Cannot read a line of more than ${this.#maxBytes} bytes`);
  }
}

const NEWLINE = 0x0a;
