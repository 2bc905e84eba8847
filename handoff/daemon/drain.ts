import type { Socket } from "node:net";
import type { Answer } from "./answer.ts";
import type { HttpConnection } from "./http_connection.ts";
import { ABORTED_FETCH_MS } from "../timeouts.ts";
import type { DrainOptions, DrainReport, UnfinishedRequest } from "./service.ts";
import { closeWebSocket, isWebSocket } from "./websocket_close.ts";

/** The connections of a service that are open, or that a handler is at work for. */
export type DrainedConnections = ReadonlyMap<Socket, HttpConnection>;

/** What a {@linkcode Drain} is about. */
export interface DrainTerms extends Pick<DrainOptions, "until" | "force"> {
  readonly connections: DrainedConnections;
}

/** How the ways of draining differ. */
export interface WayOfDraining {
  /** An answer is about to be given. */
  onAnswer?(answer: Answer): void;
  /** Nothing is under way on this connection. */
  onIdle(connection: HttpConnection): void;
  onClose?(connection: HttpConnection): void;
  /** Whether an open connection need not be waited for. */
  needsNoWait?(connection: HttpConnection): boolean;
  /** Whether more connections may come. */
  isAccepting?(): boolean;
}

/** A drain under way. It is told of what happens on the connections, and reports when there is nothing left to wait for. */
export class Drain {
  readonly #connections: DrainedConnections;
  readonly #until: AbortSignal;
  readonly #force: boolean;
  readonly #way: WayOfDraining;
  readonly #report = Promise.withResolvers<DrainReport>();
  /** The connections that are waited for. */
  readonly #busy = new Set<HttpConnection>();
  readonly #cut: UnfinishedRequest[] = [];
  readonly #onDeadline = (): void => this.#atDeadline();
  #lastWait: ReturnType<typeof setTimeout> | undefined;
  #cancelled = false;

  constructor(
    { connections, until, force = false }: DrainTerms,
    way: WayOfDraining,
  ) {
    this.#connections = connections;
    this.#until = until;
    this.#force = force;
    this.#way = way;
    for (const connection of connections.values()) this.#busy.add(connection);
    for (const connection of connections.values()) this.#look(connection);
    if (until.aborted) this.#atDeadline();
    else until.addEventListener("abort", this.#onDeadline, { once: true });
    this.endWhenDone();
  }

  /** Resolves when it is over, cancelled or not. */
  get report(): Promise<DrainReport> {
    return this.#report.promise;
  }

  /** An answer is about to be given. */
  begun(answer: Answer): void {
    this.#way.onAnswer?.(answer);
  }

  /** A connection came, was closed, or has one answer less to give. */
  changed(connection: HttpConnection): void {
    if (this.#has(connection)) {
      this.#busy.add(connection);
      // Not at once: the packet that brought the last request may have brought another.
      setImmediate(() => this.#look(connection));
    } else {
      this.#busy.delete(connection);
      this.#way.onClose?.(connection);
      this.endWhenDone();
    }
  }

  /** Ends it where it is: nothing more is paused, closed or cut. */
  cancel(): void {
    this.#cancelled = true;
    this.#end([]);
  }

  /** Ends it if there is nothing to wait for. */
  endWhenDone(): void {
    if (this.#busy.size === 0 && !this.#way.isAccepting?.()) this.#end([]);
  }

  #look(connection: HttpConnection): void {
    if (this.#cancelled) return;
    if (this.#has(connection)) {
      if (connection.idle) this.#way.onIdle(connection);
      else connection.whenRead(() => this.changed(connection));
    }
    if (this.#way.needsNoWait?.(connection)) this.#busy.delete(connection);
    this.endWhenDone();
  }

  #has(connection: HttpConnection): boolean {
    return this.#connections.has(connection.socket);
  }

  /** Cuts what only waits for the client, and tells handlers that are still at work to come to an end. */
  #atDeadline(): void {
    for (const connection of this.#busy) {
      const atWork = connection.answers.filter((answer) => !answer.settled);
      for (const answer of atWork) answer.abort();
      if (atWork.length === 0) this.#cutOff(connection);
    }
    // For the handlers; a WebSocket's client may answer its close frame meanwhile.
    this.#lastWait = setTimeout(() => this.#afterLastWait(), ABORTED_FETCH_MS);
  }

  #afterLastWait(): void {
    const pending: UnfinishedRequest[] = [];
    for (const connection of [...this.#busy]) {
      const atWork = connection.answers.filter((answer) => !answer.settled);
      pending.push(...atWork.map((answer) => answer.unfinished));
      // Where a handler is still at work the drain has failed: its client may yet get the answer.
      if (atWork.length > 0 && !this.#force) continue;
      if (atWork.length > 0) connection.isCut = true;
      else this.#cutOff(connection);
      connection.socket.destroy();
    }
    this.#end(pending);
  }

  #cutOff(connection: HttpConnection): void {
    if (connection.isCut) return;
    connection.isCut = true;
    if (!connection.idle) this.#cut.push(...connection.unfinished);
    const { upgraded, socket } = connection;
    if (upgraded !== undefined && isWebSocket(upgraded)) closeWebSocket(socket);
    else socket.destroy();
  }

  #end(pending: readonly UnfinishedRequest[]): void {
    this.#until.removeEventListener("abort", this.#onDeadline);
    clearTimeout(this.#lastWait);
    const open = [...this.#connections.values()].filter(({ isCut, closed }) => !isCut && !closed);
    this.#report.resolve({ openConnections: open.length, cut: this.#cut, pending });
  }
}
