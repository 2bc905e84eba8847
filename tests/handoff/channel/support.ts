import type { Os } from "../../../handoff/os.ts";
import { openOs } from "../../../handoff/linux.ts";

/** The kernel with other answers to some calls. */
export function intercepted(os: Os, calls: Partial<Os>): Os {
  return new Proxy(os, {
    get(target, name) {
      const own = Reflect.get(calls, name) ?? Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** Two connected sockets: one for a channel, which owns it, and the peer's, which a test reads and writes byte by byte. */
export class Pair implements Disposable {
  readonly os: Os = openOs();
  readonly fd: number;
  readonly peer: number;
  #closed = false;

  constructor() {
    [this.fd, this.peer] = this.os.socketPair();
  }

  /** What the peer sends. */
  write(bytes: Uint8Array): void {
    const sent = this.os.send(this.peer, new Uint8Array(bytes));
    if (sent < bytes.length) throw new Error(`only ${sent} of ${bytes.length} bytes were taken`);
  }

  /** What is there for the peer: undefined for nothing, and "end" when the channel's descriptor was closed. */
  read(most = 65_536): Uint8Array | "end" | undefined {
    const buffer = new Uint8Array(most);
    const count = this.os.receive(this.peer, buffer);
    return count === 0 ? "end" : count === undefined ? undefined : buffer.subarray(0, count);
  }

  /** The next bytes for the peer. */
  async arrived(): Promise<Uint8Array> {
    await this.os.readable(this.peer);
    const bytes = this.read();
    if (bytes === "end" || bytes === undefined) throw new Error(`nothing arrived: ${bytes}`);
    return bytes;
  }

  /** The peer goes away, and so do the copies that children of other tests have of it until their exec. */
  async hungUp(): Promise<void> {
    this.hangUp();
    await this.os.readable(this.fd);
  }

  /** The peer goes away. */
  hangUp(): void {
    if (!this.#closed) this.os.close(this.peer);
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.hangUp();
    this.os[Symbol.dispose]();
  }
}

/** The files and sockets that this process has open, by number; the poller opens and closes its own when it wants. */
export function openDescriptors(): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
    try {
      return `${name} ${Deno.readLinkSync(`/proc/self/fd/${name}`)}`;
    } catch {
      return "";
    }
  }).filter((entry) => entry !== "" && !entry.includes(" anon_inode:")).sort();
}
