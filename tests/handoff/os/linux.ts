import { openOs } from "../../../handoff/linux.ts";
import type { Os } from "../../../handoff/os.ts";

/** The kernel, and descriptors that are closed at the end of the block. */
export class OpenedOs implements Disposable {
  readonly os: Os = openOs();
  readonly #owned = new Set<number>();

  /** `fd`, which the block owns from now on. */
  own(fd: number): number {
    this.#owned.add(fd);
    return fd;
  }

  /** Two connected sockets. */
  pair(): [number, number] {
    const [a, b] = this.os.socketPair();
    return [this.own(a), this.own(b)];
  }

  /** Closes before the end of the block. */
  close(fd: number): void {
    this.#owned.delete(fd);
    this.os.close(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#owned) this.os.close(fd);
    this.os[Symbol.dispose]();
  }
}

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** All that comes through a socket up to its end. */
export async function textFrom(os: Os, fd: number): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  for (let text = "";;) {
    const count = os.receive(fd, buffer);
    if (count === 0) return text;
    if (count === undefined) await os.readable(fd);
    else text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}
