import type { Os } from "../os.ts";
import type {
  ConnectionsAdopted,
  ConnectionsReply,
  ConnectionsRequest,
  LockReply,
  LockRequest,
  ServingRequest,
} from "../protocol/transfer.ts";
import { MAX_DESCRIPTORS } from "../transfer_channel.ts";
import type { Tell } from "./events.ts";
import type { Service } from "./service.ts";
import { DISMISSED, type SendLock, type SuccessorRequests, type TransferPeer } from "./transfer_server.ts";

/** The lock and the connections of the incumbent, as far as they can be given away. */
export interface Estate {
  /** See `Ownership.pass`. */
  pass(send: (descriptor: number) => boolean): boolean;
  release(): Promise<void>;
  readonly services: ReadonlyMap<string, Service>;
}

/** What a handover is about. */
export interface HandoverOptions {
  readonly handoffId: string;
  readonly estate: Estate;
  readonly tell: Tell;
}

/**
 * What the incumbent has given to the successor of one session, over the transfer socket. Here, and nowhere else, is
 * decided whether the lock goes: until it has gone, {@linkcode Handover.close} keeps it; and from then on it is gone.
 */
export class Handover implements SuccessorRequests, Disposable {
  /** Resolves when the successor says that it serves. */
  readonly served: Promise<void>;
  /** Resolves when all connections that the successor can take were passed, or it is gone. */
  readonly finished: Promise<void>;
  readonly #os: Os;
  readonly #peer: TransferPeer;
  readonly #options: HandoverOptions;
  readonly #pidfd?: number | undefined;
  readonly #serving = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  readonly #offered = new Map<number, OfferedConnection>();
  readonly #disposal = new AbortController();
  #lock: "kept" | "offered" | "passed" | "released" = "kept";
  #sealed: readonly bigint[] = [];
  #nextId = 1;
  #told = false;

  constructor(os: Os, peer: TransferPeer, options: HandoverOptions) {
    this.#os = os;
    this.#peer = peer;
    this.#options = options;
    this.#pidfd = os.pidfd(peer.pid);
    this.served = this.#serving.promise;
    this.finished = Promise.race([this.#done.promise, peer.ended.then(() => this.#finish())]);
    peer.successor = this;
  }

  /** Whether the lock has gone, passed or released. */
  get passed(): boolean {
    return this.#lock === "passed" || this.#lock === "released";
  }

  /** The state is sealed: from now on the lock goes to the successor when it asks. */
  offer(sealed: readonly bigint[]): void {
    this.#sealed = sealed;
    this.#lock = "offered";
  }

  /** The session is over: a lock that has not gone stays here. True when it does. */
  close(): boolean {
    if (this.passed) return false;
    this.#lock = "kept";
    this.#peer.successor = DISMISSED;
    return true;
  }

  /** Resolves when the successor's process has ended. An end of the connection alone says nothing: it might live on. */
  async gone(): Promise<void> {
    await this.#peer.ended;
    if (this.#pidfd === undefined) return;
    await this.#os.readable(this.#pidfd, { signal: this.#disposal.signal });
  }

  /** Whether the successor's process has ended by now. */
  async isGone(): Promise<boolean> {
    return this.#pidfd === undefined || await this.#os.readable(this.#pidfd, { timeout: 0 });
  }

  lock({ handoffId }: LockRequest, send: SendLock): LockReply & { ok: false } | undefined {
    const { handoffId: own, estate, tell } = this.#options;
    if (handoffId !== own || this.#lock !== "offered") {
      return { verb: "lock", ok: false, reason: "the incumbent is not sealed for this handoff" };
    }
    if (!estate.pass((descriptor) => send(descriptor, this.#sealed))) {
      return { verb: "lock", ok: false, reason: "the incumbent could not send it" };
    }
    this.#lock = "passed";
    tell({ type: "lock-passed", to: this.#peer.pid });
  }

  /** Lets the lock go as the plain protocol does, for a successor that cannot ask for it. */
  async unsupported(): Promise<void> {
    if (this.#lock !== "offered") return;
    this.#lock = "released";
    await this.#options.estate.release();
  }

  serving({ handoffId }: ServingRequest): boolean {
    if (handoffId !== this.#options.handoffId || !this.passed) return false;
    this.#serving.resolve();
    return true;
  }

  connections({ names, max }: ConnectionsRequest): { reply: ConnectionsReply; descriptors: readonly number[] } {
    const items = [];
    const descriptors = [];
    for (const { service, id } of this.passed ? this.#paused(names) : []) {
      if (items.length >= Math.min(max, MAX_DESCRIPTORS)) break;
      const descriptor = tryDescriptorOf(service, id);
      if (descriptor === undefined) continue;
      const number = this.#nextId++;
      this.#offered.set(number, { service, id, taken: false });
      items.push({ id: number, listener: service.name, kind: "http" });
      descriptors.push(descriptor);
    }
    if (items.length === 0) this.#finish();
    return {
      reply: { verb: "connections", items, done: items.length === 0, descriptors: descriptors.length },
      descriptors,
    };
  }

  adopted({ adopted }: ConnectionsAdopted): void {
    for (const number of adopted) {
      const connection = this.#offered.get(number);
      if (connection === undefined || connection.taken) continue;
      connection.taken = true;
      connection.service.release(connection.id);
    }
  }

  [Symbol.dispose](): void {
    this.#peer.successor = DISMISSED;
    this.#disposal.abort();
    if (this.#pidfd !== undefined) this.#os.close(this.#pidfd);
  }

  /** What can be given away and was not offered before: what a successor has not taken once it will not be asked again. */
  *#paused(names: readonly string[]): Generator<{ service: Service; id: number }> {
    const offered = [...this.#offered.values()];
    for (const name of names) {
      const service = this.#options.estate.services.get(name);
      for (const { id } of service?.movable ? service.paused() : []) {
        if (!offered.some((other) => other.service === service && other.id === id)) yield { service: service!, id };
      }
    }
  }

  /** Says once what has come of the connections, where they could be had at all. */
  #finish(): void {
    if (this.#told || !this.passed) return;
    this.#told = true;
    const count = [...this.#offered.values()].filter(({ taken }) => taken).length;
    const left = [...this.#options.estate.services.values()].reduce((sum, service) => sum + service.paused().length, 0);
    this.#options.tell({ type: "connections-passed", count, left });
    this.#done.resolve();
  }
}

interface OfferedConnection {
  readonly service: Service;
  readonly id: number;
  taken: boolean;
}

/** Where no more descriptors can be had, the connection stays here. */
function tryDescriptorOf(service: Service, id: number): number | undefined {
  try {
    return service.descriptorOf(id);
  } catch {
    return undefined;
  }
}
