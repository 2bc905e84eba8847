import { SOCKET_CALLS } from "../../../ffi/socket.ts";
import { unixAddress } from "../../../ffi/socket_address.ts";
import { openSymbols } from "../../../ffi/libc.ts";
import { C } from "../../../ffi/linux_abi.ts";
import { openOs } from "../../../handoff/linux.ts";
import { inTime } from "../../support/patience.ts";

/** What sd_notify(3) sent in one datagram, by variable. */
export type Notification = Readonly<Record<string, string>>;

/** A datagram socket that plays systemd; `@name` is an abstract one. */
export class NotifySocket implements Disposable {
  readonly path: string;
  readonly received: Notification[] = [];
  readonly #os = openOs();
  readonly #fd: number;

  constructor(path: string) {
    this.path = path;
    using calls = openSymbols({ ...SOCKET_CALLS });
    this.#fd = calls.socket(C.AF_UNIX, C.SOCK_DGRAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC, 0);
    const address = unixAddress(path, "bind");
    const result = calls.bind(this.#fd, address, address.length);
    if (result !== 0) throw new Error(`bind: ${result}`);
  }

  /** The next datagram that `matches`; those before it are in `received` as well. */
  async next(matches: (notification: Notification) => boolean = () => true): Promise<Notification> {
    const buffer = new Uint8Array(4_096);
    while (true) {
      await inTime(this.#os.readable(this.#fd), "No notification");
      const count = this.#os.receive(this.#fd, buffer);
      if (count === undefined) continue;
      const text = new TextDecoder().decode(buffer.subarray(0, count));
      const notification = Object.fromEntries(
        text.split("\n").map((line) => {
          const at = line.indexOf("=");
          return [line.slice(0, at), line.slice(at + 1)];
        }),
      );
      this.received.push(notification);
      if (matches(notification)) return notification;
    }
  }

  /** Whether another datagram comes within `ms`. */
  async hears(ms: number): Promise<boolean> {
    return await this.#os.readable(this.#fd, { timeout: ms });
  }

  /** Drops what is there. */
  drop(): void {
    while (this.#os.receive(this.#fd, new Uint8Array(4_096)) !== undefined);
  }

  [Symbol.dispose](): void {
    this.#os.close(this.#fd);
    this.#os[Symbol.dispose]();
  }
}
