import type { Os } from "../os.ts";
import type { PassedConnection, TransferReply, TransferRequest } from "../protocol/transfer.ts";
import { connectSocketFile } from "../socket_file.ts";
import { HELLO_MS } from "../timeouts.ts";
import { MAX_DESCRIPTORS, TransferChannel, type TransferReceived } from "../transfer_channel.ts";
import { LockRefusedError } from "./daemon_errors.ts";
import type { Service } from "./service.ts";
import { transferSocketOf } from "./sockets.ts";

/** What came with the lock. */
export interface PassedLock {
  /** The locked descriptor; undefined where this process could not receive one. */
  readonly descriptor?: number | undefined;
  /** What the incumbent sealed. */
  readonly revisions: readonly bigint[];
}

/**
 * The successor's connection to the incumbent's transfer socket. Whatever is wrong with it, the plain protocol goes on
 * without it: only that the incumbent refuses the lock, since it serves on, is an answer.
 */
export class IncumbentLink implements Disposable {
  readonly #os: Os;
  readonly #channel: TransferChannel;

  private constructor(os: Os, channel: TransferChannel) {
    this.#os = os;
    this.#channel = channel;
  }

  /** Connects; undefined where no one listens: the incumbent is of another make, or another user's. */
  static async connect(os: Os, controlSocket: string): Promise<IncumbentLink | undefined> {
    try {
      const fd = await connectSocketFile(os, transferSocketOf(controlSocket));
      return new IncumbentLink(os, new TransferChannel(os, fd));
    } catch {
      return undefined;
    }
  }

  /**
   * Asks for the lock. The descriptor is the caller's; undefined where the incumbent is gone, or knows nothing of it.
   * Throws {@linkcode LockRefusedError} when the incumbent keeps it.
   */
  async lock(handoffId: string): Promise<PassedLock | undefined> {
    const received = await this.#ask({ verb: "lock", handoffId });
    using descriptors = received?.descriptors;
    const reply = received?.message;
    if (reply?.verb !== "lock") return undefined;
    if (reply.ok) return { descriptor: descriptors?.take(0), revisions: (reply.revisions ?? []).map(BigInt) };
    throw new LockRefusedError(`The incumbent did not give the lock away: ${reply.reason}`);
  }

  /**
   * Says that this process serves, and takes over the idle connections. Returns how many there were; ends early when the
   * incumbent is gone.
   */
  async takeConnections(
    handoffId: string,
    { pid, services }: { readonly pid: number; readonly services: ReadonlyMap<string, Service> },
  ): Promise<number> {
    const serving = await this.#ask({ verb: "serving", handoffId, pid });
    serving?.descriptors[Symbol.dispose]();
    if (serving?.message.verb !== "serving" || !serving.message.ok) return 0;
    const names = [...services.values()].filter((service) => service.movable).map((service) => service.name);
    for (let count = 0;;) {
      const received = await this.#ask({ verb: "connections", names, max: this.#room() });
      using descriptors = received?.descriptors;
      if (received?.message.verb !== "connections") return count;
      const { items, done } = received.message;
      const adopted = items.filter((item, index) =>
        adopt(services.get(item.listener), item, () => descriptors?.take(index))
      );
      count += adopted.length;
      if (done) return count;
      await this.#channel.send({ verb: "connections", adopted: adopted.map(({ id }) => id) }).catch(() => {});
    }
  }

  /** How many connections may come: a process that can open nothing more could neither accept nor work. */
  #room(): number {
    using probes = new DisposableStack();
    const probe = (lowest?: number): number | undefined => {
      try {
        const copy = this.#os.duplicate(this.#channel.fd, lowest);
        probes.defer(() => this.#os.close(copy));
        return copy;
      } catch {
        return undefined;
      }
    };
    const lowest = probe();
    if (lowest === undefined) return 0;
    // The kernel gives the lowest number first. Where one far above is to be had, most between the two are free, and the
    // clients need not wait for a count.
    if (probe(lowest + AMPLE) !== undefined) return MAX_DESCRIPTORS;
    for (let room = 1 - RESERVE; room < MAX_DESCRIPTORS; room++) if (probe() === undefined) return Math.max(0, room);
    return MAX_DESCRIPTORS;
  }

  /** Whether the incumbent is still at the other end. */
  get connected(): boolean {
    try {
      return this.#os.receive(this.#channel.fd, new Uint8Array(1)) !== 0;
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }

  async #ask(request: TransferRequest): Promise<TransferReceived<TransferReply> | undefined> {
    try {
      await this.#channel.send(request);
      return await this.#channel.receiveReply({ timeout: HELLO_MS });
    } catch {
      // An answer that comes too late must not lie here unread: the lock might come with it, and be held by no owner.
      this[Symbol.dispose]();
      return undefined;
    }
  }
}

/** How many descriptors a successor keeps free of connections that it takes over. */
const RESERVE = 16;

/** So many numbers beyond the lowest free one are enough for any batch, even if many of them are in use. */
const AMPLE = 1_024;

/** Whether the connection is served here now. Where it is not, its descriptor is closed, and the incumbent's stays. */
function adopt(
  service: Service | undefined,
  { kind }: PassedConnection,
  take: () => number | undefined,
): boolean {
  if (service === undefined || kind !== "http") return false;
  const descriptor = take();
  if (descriptor === undefined) return false;
  try {
    service.adopt(descriptor);
    return true;
  } catch {
    return false;
  }
}
