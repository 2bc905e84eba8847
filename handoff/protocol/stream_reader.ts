import { Received } from "./received.ts";

/**
 * Finds messages in a stream of bytes, wherever its chunks begin and end. After an error the stream cannot be trusted
 * any more: the reader drops what it has, and throws the same error whenever it is asked again.
 */
export abstract class StreamReader<Message> {
  readonly #received = new Received();
  #failure: unknown;

  /** Adds a copy of what arrived. */
  push(chunk: Uint8Array): void {
    if (this.#failure === undefined) this.#received.push(chunk);
  }

  /** The next message; undefined until it has arrived as a whole. Throws a {@linkcode ProtocolError}. */
  next(): Message | undefined {
    return this.attempt((received) => this.take(received));
  }

  /** How many bytes arrived that no message was made of yet; more than 0 after the last `next()`: inside a message. */
  get pendingBytes(): number {
    return this.#received.length;
  }

  /** Takes the first message off `received`, if it is there as a whole. */
  protected abstract take(received: Received): Message | undefined;

  /** Does `step`, unless a step before it failed; its error is the stream's. */
  protected attempt<T>(step: (received: Received) => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return step(this.#received);
    } catch (error) {
      this.#failure = error;
      this.#received.clear();
      throw error;
    }
  }
}
