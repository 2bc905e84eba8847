/** Bytes that arrived and were not consumed yet. The room grows with what arrives, not with what a peer announces. */
export class Received {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** How many bytes are there. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds a copy of `chunk`. */
  push(chunk: Uint8Array): void {
    this.#reserve(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The first `count` bytes, as a view that holds until the next push; undefined while fewer are there. */
  peek(count: number): Uint8Array | undefined {
    return count <= this.length ? this.#bytes.subarray(this.#start, this.#start + count) : undefined;
  }

  /** The number that the first four bytes are, the lowest first; undefined while fewer are there. */
  peekU32(): number | undefined {
    const bytes = this.peek(4);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** Removes the first `count` bytes. */
  drop(count: number): void {
    this.#start += count;
  }

  /** Removes everything, and gives its room back. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.#start = this.#end = 0;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const kept = this.#bytes.subarray(this.#start, this.#end);
    const room = kept.length + more <= this.#bytes.length / 2
      ? this.#bytes
      : new Uint8Array(Math.max(256, 2 * (kept.length + more)));
    room.set(kept);
    this.#bytes = room;
    this.#start = 0;
    this.#end = kept.length;
  }
}
