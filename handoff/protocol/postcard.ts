import { ProtocolError } from "./protocol_error.ts";

/** How values of one type are written to and read from bytes in the postcard format. */
export interface Codec<T> {
  /** Appends `value`; throws a {@linkcode ProtocolError} where the format has no room for it. */
  write(sink: Sink, value: T): void;
  /** Takes a value; throws a {@linkcode ProtocolError} where the next bytes are none. */
  read(source: Source): T;
}

/** A codec for each field of a structure, in the order of the wire. */
export type Fields<T> = { readonly [Name in keyof T]-?: Codec<T[Name]> };

/** The bytes of a value of `codec`. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const sink = new Sink();
  codec.write(sink, value);
  return sink.bytes();
}

/** The value at the start of `bytes`. What follows it is ignored, as the Rust crate ignores it. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return codec.read(new Source(bytes));
}

/** Bytes that grow. */
export class Sink {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** Appends one byte. */
  push(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Bytes that are taken from the front. */
export class Source {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next byte. */
  shift(): number {
    return this.take(1)[0]!;
  }

  /** The next `count` bytes, as a view: nothing is allocated for a count that a peer made up. */
  take(count: number): Uint8Array {
    if (count > this.left) {
      throw new ProtocolError("codec", `Cannot decode: ${count} more bytes are announced, ${this.left} are there`);
    }
    const start = this.#offset;
    this.#offset += count;
    return this.#bytes.subarray(start, this.#offset);
  }
}
