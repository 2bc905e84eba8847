import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Answer } from "./answer.ts";
import { unfinished } from "./answer.ts";
import type { ConnectionParts } from "./connection_parts.ts";
import { remoteAddress } from "./remote_address.ts";
import type { RemoteAddress, UnfinishedRequest } from "./service.ts";

/** A connection that speaks HTTP, and what is under way on it. */
export class HttpConnection {
  readonly id: number;
  readonly socket: Socket;
  readonly remoteAddr: RemoteAddress;
  /** What is being answered; more than one when requests are pipelined. */
  readonly answers: Answer[] = [];
  /** The request by which it became a connection of another protocol. */
  upgraded: IncomingMessage | undefined;
  /** Whether a drain has cut it. */
  isCut = false;
  readonly #since = performance.now();
  readonly #parts: ConnectionParts | undefined;
  /** What the server noted when the connection came: as long as it is the same, nothing has arrived. */
  #noteOfArrival: unknown;
  /** Answered before all of it had arrived: the rest is still on its way. */
  #unread: IncomingMessage | undefined;
  #closed = false;
  #paused = false;
  #idleTimer = false;

  constructor(socket: Socket, options: { readonly id: number; readonly parts: ConnectionParts | undefined }) {
    this.socket = socket;
    this.id = options.id;
    this.#parts = options.parts;
    this.remoteAddr = remoteAddress(socket);
    this.#noteOfArrival = this.#parts?.arriving(socket);
  }

  get paused(): boolean {
    return this.#paused;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether it is closed and no handler is at work on a request of it. */
  get isOver(): boolean {
    return this.#closed && this.answers.length === 0;
  }

  /** Its socket was closed: what was still to be answered will not be. */
  close(): void {
    this.#closed = true;
    for (const answer of [...this.answers]) answer.close();
  }

  /** A request is there to be answered. */
  begin(answer: Answer): void {
    this.answers.push(answer);
    if (this.#idleTimer) this.#clearIdleTimer();
  }

  /** An answer is out or given up, and its handler has returned. */
  end(answer: Answer): void {
    if (this.answers.at(-1) === answer) this.answers.pop();
    else this.answers.splice(this.answers.indexOf(answer), 1);
    if (!answer.req.complete) this.#unread = answer.req;
  }

  /** Calls back when the rest of a request that was answered early has arrived; never when there is none. */
  whenRead(callback: () => void): void {
    if (this.#unread?.complete !== false) return;
    this.#unread.once("close", callback);
    // Nobody wants it, but its end is not told before it is read.
    if (this.#unread.readableFlowing === null) this.#unread.resume();
  }

  /** Whether nothing is under way: no request begun, none unanswered, no answer unsent. */
  get idle(): boolean {
    if (this.answers.length > 0 || this.upgraded !== undefined) return false;
    if (this.#unread !== undefined && !this.#unread.complete) return false;
    const { destroyed, writable, readableEnded, readableLength, writableLength } = this.socket;
    // It is being closed, by either side.
    if (destroyed || !writable || readableEnded) return false;
    if (readableLength > 0 || writableLength > 0) return false;
    const note = this.#parts?.arriving(this.socket);
    return note === undefined || note === this.#noteOfArrival;
  }

  /** Stops reading, and every timer: what the client sends stays in the kernel, for the next reader. */
  pause(): void {
    if (this.#paused || this.#parts === undefined) return;
    this.#parts.stopReading(this.socket);
    this.#parts.forgetArriving(this.socket);
    this.#clearIdleTimer();
    this.#paused = true;
  }

  /** Goes on where it was paused, or was to be closed soon. */
  resume(keepAliveTimeout: number): void {
    if (this.#closed || (!this.#paused && !this.#idleTimer)) return;
    this.closeWhenIdleFor(keepAliveTimeout);
    if (!this.#paused) return;
    this.#paused = false;
    this.#parts?.startReading(this.socket);
  }

  /** It was accepted elsewhere, and may long have been idle. */
  adopted(keepAliveTimeout: number): void {
    // Without this, headersTimeout would end it as if it had been sending a request from now on.
    this.#parts?.forgetArriving(this.socket);
    this.closeWhenIdleFor(keepAliveTimeout);
  }

  /** Closes it when nothing arrives for so long. */
  closeWhenIdleFor(ms: number): void {
    this.#idleTimer = true;
    this.socket.setTimeout(ms);
  }

  /** A duplicate of its descriptor. */
  duplicate(): number {
    if (!this.#paused || this.#parts === undefined) {
      throw new Error(`Cannot duplicate connection ${this.id}: not paused`);
    }
    return this.#parts.duplicate(this.socket);
  }

  /** What a report says of it: its requests, or itself where it has none. */
  get unfinished(): UnfinishedRequest[] {
    const requests = this.answers.map((answer) => answer.unfinished);
    return requests.length > 0 ? requests : [unfinished(this.upgraded ?? this.#unread, this.#since)];
  }

  #clearIdleTimer(): void {
    this.#idleTimer = false;
    this.socket.setTimeout(0);
  }
}
