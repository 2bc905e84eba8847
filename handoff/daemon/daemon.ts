import type { AcquireOptions } from "../../lock/options.ts";
import type { Os } from "../os.ts";
import { RELOCK_MS } from "../timeouts.ts";
import { DrainError } from "./daemon_errors.ts";
import { type OpenRole, type Tell, teller } from "./events.ts";
import { Handover } from "./handover.ts";
import type { Identity } from "./identity.ts";
import type { Incumbency } from "./incumbent.ts";
import type { DaemonOptions } from "./options.ts";
import { Ownership } from "./ownership.ts";
import type { DrainOptions, DrainReport, UnfinishedRequest } from "./service.ts";
import { Serving } from "./serving.ts";
import { Sockets } from "./sockets.ts";
import type { StopRequest } from "./stop_request.ts";
import { TransferServer } from "./transfer_server.ts";

/** What a daemon is made of. */
export interface DaemonParts<State extends Disposable | AsyncDisposable> {
  readonly os: Os;
  readonly options: DaemonOptions<State>;
  readonly identity: Identity;
  readonly controlSocket: string;
  /** The data directory, as an absolute path. */
  readonly dataDir: string;
  readonly inherited: ReadonlyMap<string, number>;
  readonly stop: StopRequest;
  /** Whether it listens by itself, and is never replaced. */
  readonly alone?: boolean | undefined;
}

/** How many requests that were cut a supervisor is told of, at most. */
const MOST_REPORTED = 100;
/** How much of a path it is told: a hundred must fit into a message. */
const LONGEST_REPORTED = 400;

/**
 * What a daemon has and does: the lock and the state, the listeners and the services, the two socket files. When each of
 * them happens is up to the roles, which are written against this.
 */
export class Daemon<State extends Disposable | AsyncDisposable> implements Incumbency<Handover>, AsyncDisposable {
  readonly os: Os;
  readonly identity: Identity;
  readonly controlSocket: string;
  readonly stop: StopRequest;
  readonly ownership: Ownership<State>;
  readonly serving: Serving<State>;
  readonly transfer: TransferServer;
  readonly tell: Tell;
  readonly #options: DaemonOptions<State>;
  readonly #fatal = new AbortController();
  #sockets?: Sockets;
  #drained = false;
  /** The handoff that is forced. */
  #forced?: string;
  #relocking?: Promise<void> | undefined;

  constructor({ os, options, identity, controlSocket, dataDir, inherited, stop, alone }: DaemonParts<State>) {
    this.os = os;
    this.identity = identity;
    this.controlSocket = controlSocket;
    this.stop = stop;
    const tell = teller(options.onEvent);
    this.tell = (event) => {
      tell(event);
      if (event.type === "connections-passed") this.transfer.report({ connectionsMoved: event.count });
      if (event.type === "drained") this.#report([...event.cut, ...event.forced ?? []]);
    };
    this.#options = options;
    this.ownership = new Ownership(options.dataDir, options);
    this.serving = new Serving(options, { os, inherited, alone, state: () => this.ownership.state });
    this.transfer = new TransferServer(os, () => this.sockets.transfer, {
      ...identity,
      dataDir,
      listeners: () => this.serving.listeners,
      force: (handoffId) => this.#forced = handoffId,
    });
    this.ownership.lost.addEventListener("abort", () => this.#onLost(), { once: true });
  }

  /** Aborted when the daemon must end at once: with the reason for which it rejects. */
  get fatal(): AbortSignal {
    return this.#fatal.signal;
  }

  /** The socket files. Throws before they are bound. */
  get sockets(): Sockets {
    if (this.#sockets === undefined) throw new Error("The sockets of the daemon are not bound yet");
    return this.#sockets;
  }

  /** Takes the lock as any process does. */
  async acquire(options: Pick<AcquireOptions, "timeout">): Promise<void> {
    const onWait = ({ pid }: { readonly pid?: number | undefined }) => this.tell({ type: "waiting", holder: pid });
    await this.ownership.acquire({ ...options, signal: this.stop.signal, onWait });
  }

  /** Opens the state; gives the lock back when that fails. */
  async open(role: OpenRole): Promise<void> {
    try {
      await this.ownership.open(role, this.stop.signal);
    } catch (error) {
      await this.ownership.release();
      throw error;
    }
  }

  /** Binds both socket files and answers on the transfer socket; with the lock held. */
  bindSockets(): void {
    this.#sockets = Sockets.bind(this.os, this.controlSocket);
    this.transfer.start();
  }

  /** Accepts connections. */
  async accept(role: OpenRole): Promise<void> {
    await this.serving.accept();
    this.tell({ type: "serving", role, listeners: this.serving.addresses() });
  }

  async drain(options: DrainOptions, reason: "handoff" | "stop" = "handoff"): Promise<DrainReport> {
    this.fatal.throwIfAborted();
    const start = performance.now();
    this.tell({ type: "draining", reason });
    const report = await this.serving.drain(options);
    await this.#drainState(options.until);
    this.#drained = true;
    const { openConnections, cut, pending } = report;
    const forced = pending.length > 0 && { forced: pending };
    this.tell({ type: "drained", ms: performance.now() - start, openConnections, cut, ...forced });
    return report;
  }

  async seal(): Promise<readonly bigint[]> {
    // To close the state is to write.
    this.fatal.throwIfAborted();
    const start = performance.now();
    const revisions = await this.ownership.seal();
    this.tell({ type: "sealed", ms: performance.now() - start });
    return revisions;
  }

  async release(): Promise<void> {
    await this.ownership.release();
  }

  isForced(handoffId: string): boolean {
    return handoffId === this.#forced;
  }

  handoverTo(pid: number, handoffId: string): Handover | undefined {
    const peer = this.transfer.peerOf(pid);
    if (peer === undefined) return undefined;
    const { ownership, serving: { services }, tell } = this;
    const handover = new Handover(this.os, peer, {
      handoffId,
      tell,
      estate: { services, pass: (send) => ownership.pass(send), release: () => ownership.release() },
    });
    // A standby that waits for the lock must not get it only because the supervisor takes its time to say so.
    handover.gone().then(() => this.#inherit(handover), () => {});
    return handover;
  }

  #report(cut: readonly UnfinishedRequest[]): void {
    if (cut.length === 0) return;
    const reported = cut.slice(0, MOST_REPORTED);
    this.transfer.report({
      cut: reported.map(({ method, path, ageMs }) => ({ method, path: path.slice(0, LONGEST_REPORTED), ageMs })),
    });
  }

  /** Serves again after a handoff that came to nothing. What cannot be had again makes it reject, holding nothing. */
  async resume(reason: string): Promise<void> {
    this.fatal.throwIfAborted();
    // It is to stop, and it is drained or even sealed: there is nothing to serve again for.
    if (this.stop.asked && !this.ownership.opened) return;
    try {
      if (!this.ownership.locked) await this.#relock();
      if (!this.ownership.opened) await this.ownership.open("resumed", this.stop.signal);
      if (this.sockets.restore()) this.transfer.start();
      await this.serving.resume();
    } catch (error) {
      await this.giveUp().catch(() => {});
      throw error;
    }
    this.#drained = false;
    this.tell({ type: "resumed", reason });
  }

  /** Drains, closes the state, gives the lock back: as much of it as is still to be done. */
  async end(): Promise<void> {
    this.stop.begun();
    const failure = this.#drained || !this.ownership.opened ? undefined : await this.#drainToStop();
    this.serving.cut();
    if (this.ownership.opened) await this.seal();
    // A handler that goes on could still write: then the lock stays, until the process ends.
    if (failure?.error instanceof DrainError) throw failure.error;
    await this.ownership.release();
    if (failure !== undefined) throw failure.error;
  }

  /** Gives up what was begun, without a drain. A state whose lock is lost is not closed: that could be a write. */
  async giveUp(): Promise<void> {
    this.serving.cut();
    this.fatal.throwIfAborted();
    try {
      if (this.ownership.opened) await this.ownership.seal();
    } finally {
      await this.ownership.release();
    }
  }

  /** Closes what is open in this process. The state and the lock are {@linkcode Daemon.end}'s. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.serving[Symbol.asyncDispose]();
    await this.transfer[Symbol.asyncDispose]();
    this.#sockets?.[Symbol.dispose]();
  }

  async #drainState(until: AbortSignal): Promise<void> {
    const { drain } = this.#options;
    if (drain === undefined) return;
    const deadline = Promise.withResolvers<never>();
    const tooLate = () => deadline.reject(new Error("options.drain was not done by the deadline"));
    until.addEventListener("abort", tooLate, { once: true });
    try {
      await Promise.race([drain(this.ownership.state, { signal: until }), deadline.promise]);
    } finally {
      until.removeEventListener("abort", tooLate);
    }
  }

  async #drainToStop(): Promise<{ readonly error: unknown } | undefined> {
    try {
      const until = AbortSignal.timeout(STOP_DRAIN_MS);
      await this.drain({ until, passOn: false, graceMs: STOP_GRACE_MS }, "stop");
    } catch (error) {
      return { error };
    }
  }

  /** The successor has ended: what it had, this process takes. */
  async #inherit(handover: Handover): Promise<void> {
    if (!handover.passed) return;
    await this.#relock().catch((error) => this.#fatal.abort(error));
  }

  /** Takes the lock that has gone, once: later calls wait for the same. */
  async #relock(): Promise<void> {
    this.#relocking ??= this.ownership.acquire({ timeout: RELOCK_MS }).finally(() => this.#relocking = undefined);
    await this.#relocking;
  }

  /** Another process may own the directory by now: nothing is answered, and nothing written, not even to close it. */
  #onLost(): void {
    const { reason } = this.ownership.lost;
    this.serving.cut();
    this.tell({ type: "stopping", reason: reason.message });
    this.#fatal.abort(reason);
  }
}

/** For a drain before a stop: less than a supervisor waits before it kills. */
const STOP_DRAIN_MS = 20_000;

/** For how long a connection that is idle when the daemon stops may still bring a request. */
const STOP_GRACE_MS = 500;
