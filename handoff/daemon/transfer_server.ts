import { NothingSentError } from "../channel_errors.ts";
import type { Os } from "../os.ts";
import {
  type ConnectionsAdopted,
  type ConnectionsReply,
  type ConnectionsRequest,
  encodeTransfer,
  type LockReply,
  type LockRequest,
  type Report,
  type ServingRequest,
  type TransferReply,
  type TransferRequest,
  type Unsupported,
} from "../protocol/transfer.ts";
import { acceptPermitted } from "../socket_file.ts";
import { TransferChannel } from "../transfer_channel.ts";
import { acceptPatiently } from "./accept_patiently.ts";
import type { Identity } from "./identity.ts";

/** Sends the lock at once, or not at all: whether it left. Throws when nothing was sent. */
export type SendLock = (descriptor: number, revisions: readonly bigint[]) => boolean;

/** What the successor of a session may ask for: only a session answers it. */
export interface SuccessorRequests {
  /** Decides whether the lock goes; if so, sends the reply with it by `send`, which says whether it left. */
  lock(request: LockRequest, send: SendLock): LockReply & { ok: false } | Unsupported | undefined;
  /** Whether the successor may have the connections. */
  serving(request: ServingRequest): boolean;
  /** The next connections, with a descriptor for each, which the caller closes. */
  connections(
    request: ConnectionsRequest,
  ): { readonly reply: ConnectionsReply; readonly descriptors: readonly number[] };
  /** What it took of them. */
  adopted(request: ConnectionsAdopted): void;
  /** The successor said what this version does not know, and will go on by the plain protocol. */
  unsupported(): void | Promise<void>;
}

/** What any permitted peer may ask for. */
export interface TransferHost extends Identity {
  readonly dataDir: string;
  readonly listeners: () => ReadonlyMap<string, number>;
  /** This handoff, of which nothing is known yet, is forced. */
  force(handoffId: string): void;
}

/** A peer of the transfer socket: a successor, or a supervisor. */
export class TransferPeer implements Disposable {
  /** The process that connected. */
  readonly pid: number;
  /** Set by the session that this process is the successor of. */
  successor?: SuccessorRequests;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  watches = false;
  readonly #os: Os;
  readonly #channel: TransferChannel;
  readonly #host: TransferHost;
  readonly #closed = new AbortController();

  constructor(os: Os, connection: { readonly fd: number; readonly pid: number }, host: TransferHost) {
    this.#os = os;
    this.#channel = new TransferChannel(os, connection.fd);
    this.#host = host;
    this.pid = connection.pid;
    // Whatever is wrong with a peer ends its connection, and nothing else.
    this.ended = this.#answerAll().catch(() => {}).finally(() => this.#channel[Symbol.dispose]());
  }

  /** Tells a watcher how the daemon ends. */
  async stopping(code: number, reason: string): Promise<void> {
    if (this.watches) await this.#channel.send({ verb: "stopping", code, reason }).catch(() => {});
  }

  /** Tells a watcher of the handoff. */
  async report(report: Report): Promise<void> {
    if (this.watches) await this.#channel.send(report).catch(() => {});
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.#closed.abort();
  }

  async #answerAll(): Promise<void> {
    while (true) {
      const received = await this.#channel.receiveRequest({ signal: this.#closed.signal });
      if (received === undefined) return;
      // No descriptors are expected here; those that come are closed.
      received.descriptors[Symbol.dispose]();
      await this.#answer(received.message);
    }
  }

  async #answer(request: TransferRequest): Promise<void> {
    switch (request.verb) {
      case "lock": {
        const refusal = this.#requests().lock(request, (...lock) => this.#sendLock(...lock));
        return await this.#reply(refusal);
      }
      case "serving":
        return await this.#reply({ verb: "serving", ok: this.#requests().serving(request) });
      case "connections":
        if ("adopted" in request) return this.#requests().adopted(request);
        return await this.#sendConnections(request);
      case "listeners": {
        const listeners = this.#host.listeners();
        return await this.#reply({ verb: "listeners", names: [...listeners.keys()] }, [...listeners.values()]);
      }
      case "watch": {
        this.watches = true;
        const { pid, buildId, dataDir } = this.#host;
        return await this.#reply({ verb: "watch", ok: true, pid, buildId, dataDir });
      }
      case "force":
        this.#host.force(request.handoffId);
        return await this.#reply({ verb: "force", ok: true });
      case "unsupported":
        await this.successor?.unsupported();
        return await this.#reply({ verb: "unsupported", of: request.of });
    }
  }

  #sendLock(lock: number, revisions: readonly bigint[]): boolean {
    const reply = encodeTransfer({ verb: "lock", ok: true, revisions: revisions.map(String) });
    return this.#os.sendDescriptors(this.#channel.fd, new Uint8Array(reply), [lock]) > 0;
  }

  async #sendConnections(request: ConnectionsRequest): Promise<void> {
    const { reply, descriptors } = this.#requests().connections(request);
    try {
      await this.#reply(reply, descriptors);
    } catch (error) {
      if (!(error instanceof NothingSentError)) throw error;
      // As with ETOOMANYREFS: these connections, and those after them, stay here.
      await this.#reply({ verb: "connections", items: [], done: true, descriptors: 0 });
    } finally {
      for (const fd of descriptors) this.#os.close(fd);
    }
  }

  async #reply(reply: TransferReply | undefined, descriptors: readonly number[] = []): Promise<void> {
    if (reply !== undefined) await this.#channel.send(reply, descriptors);
  }

  #requests(): SuccessorRequests {
    return this.successor ?? NOBODY;
  }
}

/** Who is not the successor of a session gets nothing: it may go on by the plain protocol, where the kernel decides. */
const NOBODY: SuccessorRequests = {
  lock: ({ verb }) => ({ verb: "unsupported", of: verb }),
  serving: () => false,
  connections: () => ({ reply: { verb: "connections", items: [], done: true, descriptors: 0 }, descriptors: [] }),
  adopted: () => {},
  unsupported: () => {},
};

/** A successor whose session is over gets nothing either, and is told so: the incumbent serves on. */
export const DISMISSED: SuccessorRequests = {
  ...NOBODY,
  lock: ({ verb }) => ({ verb, ok: false, reason: "the handoff is over" }),
};

/** How many may be connected at once: a successor, and some supervisors; more are closed. */
const MOST_PEERS = 64;

/** The incumbent's side of the transfer socket. */
export class TransferServer implements AsyncDisposable {
  readonly #os: Os;
  readonly #socket: () => number;
  readonly #host: TransferHost;
  readonly #peers = new Set<TransferPeer>();
  readonly #closed = new AbortController();
  #accepting?: Promise<void>;
  #restarted = new AbortController();

  /** `socket` gives the listening socket of the moment. */
  constructor(os: Os, socket: () => number, host: TransferHost) {
    this.#os = os;
    this.#socket = socket;
    this.#host = host;
  }

  /** Begins to answer; to be called again when the socket is another one. */
  start(): void {
    this.#restarted.abort();
    this.#restarted = new AbortController();
    this.#accepting = this.#acceptAll(AbortSignal.any([this.#closed.signal, this.#restarted.signal])).catch(() => {});
  }

  /** Accepts everyone who has connected by now, and gives the one who is this process. */
  peerOf(pid: number): TransferPeer | undefined {
    this.#acceptPending();
    return [...this.#peers].findLast((peer) => peer.pid === pid);
  }

  /** Tells all watchers how the daemon ends. */
  async stopping(code: number, reason: string): Promise<void> {
    await Promise.all([...this.#peers].map((peer) => peer.stopping(code, reason)));
  }

  /** Tells all watchers of the handoff. */
  report(report: Omit<Report, "verb">): void {
    for (const peer of this.#peers) void peer.report({ verb: "report", ...report });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    for (const peer of this.#peers) peer[Symbol.dispose]();
    await Promise.all([this.#accepting, ...[...this.#peers].map((peer) => peer.ended)]);
  }

  async #acceptAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#os.readable(this.#socket(), { signal });
      await acceptPatiently(() => this.#acceptPending(), signal);
    }
  }

  #acceptPending(): void {
    while (true) {
      const connection = acceptPermitted(this.#os, this.#socket());
      if (connection === undefined) return;
      if (this.#peers.size >= MOST_PEERS) {
        this.#os.close(connection.fd);
        continue;
      }
      const peer = new TransferPeer(this.#os, { fd: connection.fd, pid: connection.peer.pid }, this.#host);
      this.#peers.add(peer);
      peer.ended.then(() => this.#peers.delete(peer));
    }
  }
}
