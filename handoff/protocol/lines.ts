import { ProtocolError } from "./protocol_error.ts";
import type { Received } from "./received.ts";
import { decodeUtf8 } from "./shapes.ts";
import { StreamReader } from "./stream_reader.ts";

/**
 * Finds the lines in a stream of bytes, wherever its chunks begin and end, and returns them without their newlines.
 * `next()` throws a {@linkcode ProtocolError}: `"frame-too-large"` as soon as a line is longer than allowed, `"codec"`
 * for one that is not UTF-8.
 */
export class LineReader extends StreamReader<string> {
  readonly #maxBytes: number;
  /** How many of the received bytes are known not to be a newline. */
  #searched = 0;

  /** A reader of lines of at most `maxBytes`, the newline included. */
  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  /** To be called at the stream's end: the last line, where it came without a newline. */
  finish(): string | undefined {
    return this.attempt((received) => {
      const rest = received.length === 0 ? undefined : decodeUtf8(received.peek(received.length)!);
      received.clear();
      return rest;
    });
  }

  protected override take(received: Received): string | undefined {
    const window = received.peek(Math.min(received.length, this.#maxBytes))!;
    const newline = window.indexOf(NEWLINE, this.#searched);
    if (newline >= 0) {
      const line = decodeUtf8(window.subarray(0, newline));
      received.drop(newline + 1);
      this.#searched = 0;
      return line;
    }
    this.#searched = window.length;
    if (window.length < this.#maxBytes) return undefined;
    throw new ProtocolError("frame-too-large", `Cannot read a line of more than ${this.#maxBytes} bytes`);
  }
}

const NEWLINE = 0x0a;
