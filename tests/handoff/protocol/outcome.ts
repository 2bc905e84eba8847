import { ProtocolError, type ProtocolErrorCode } from "../../../handoff/protocol/protocol_error.ts";

/** What `read` returns, or the code of the ProtocolError it throws; anything else that it throws fails the test. */
export function outcomeOf<T>(read: () => T): { readonly value: T } | { readonly code: ProtocolErrorCode } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof ProtocolError) return { code: error.code };
    throw error;
  }
}

/** All bytes of `chunks`, one after the other. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

/** What a reader of a stream makes of `chunks`, if it is asked after each. */
export function readAll<T>(
  reader: { push(chunk: Uint8Array): void; next(): T | undefined },
  chunks: readonly Uint8Array[],
): T[] {
  return chunks.flatMap((chunk) => {
    reader.push(chunk);
    return [...untilUndefined(() => reader.next())];
  });
}

/** Each value that `next` returns, up to the first `undefined`. */
export function* untilUndefined<T>(next: () => T | undefined): Generator<T> {
  for (let value = next(); value !== undefined; value = next()) yield value;
}
