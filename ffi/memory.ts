import { printableJson } from "./printable.ts";

/** Memory for C: bytes outside the JavaScript heap, which stay where they are while something refers to them. */

/** `length` zero bytes. */
export function bytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** The same bytes as numbers of any size. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The address of bytes; 0 for none. It is good inside {@linkcode pinned}. */
export function addressOf(memory: Uint8Array<ArrayBuffer>): bigint {
  if (memory.length === 0) return 0n;
  // Asking for the buffer moves a small array out of the heap for good.
  const base = Deno.UnsafePointer.of(new Uint8Array(memory.buffer));
  return BigInt(Deno.UnsafePointer.value(base)) + BigInt(memory.byteOffset);
}

const pins: unknown[] = [];

/** What `call` returns, during which none of `memory` is collected: C knows it by address alone. */
export function pinned<T>(memory: readonly unknown[], call: () => T): T {
  pins.push(memory);
  try {
    return call();
  } finally {
    pins.pop();
  }
}

const ENCODER = new TextEncoder();

/** A string of C. Throws `TypeError` for one with a NUL in it, which C would cut there. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError(`${printableJson(text)} has a NUL character in it`);
  return ENCODER.encode(`${text}\0`);
}

/** A `char *[]` that ends with NULL, and what it points to. */
export interface StringArray {
  readonly pointers: Uint8Array<ArrayBuffer>;
  readonly strings: readonly Uint8Array<ArrayBuffer>[];
}

/** `argv` or `envp` for C. */
export function stringArray(texts: readonly string[]): StringArray {
  const strings = texts.map(cString);
  const pointers = new BigUint64Array([...strings.map(addressOf), 0n]);
  return { pointers: new Uint8Array(pointers.buffer), strings };
}
