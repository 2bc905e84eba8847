import type { Socket } from "node:net";
import { Acceptor } from "./acceptor.ts";
import { defaultReport, unfinished } from "./answer.ts";
import { ABORTED_FETCH_MS } from "../timeouts.ts";
import { remoteAddress } from "./remote_address.ts";
import type {
  DrainOptions,
  DrainReport,
  ListenAddress,
  Service,
  SocketListenerOptions,
  UnfinishedRequest,
} from "./service.ts";
import type { ServiceHost } from "./service_host.ts";

/** What a {@linkcode SocketService} is made of. */
export interface SocketServiceOptions<State> {
  readonly name: string;
  readonly listener: SocketListenerOptions<State>;
  readonly host: ServiceHost<State>;
}

/**
 * Gives each connection to the handler. Nobody but the handler knows when such a connection is idle, so none is moved:
 * a drain stops accepting, and is over when the handler, which sees `draining`, has closed them all.
 */
export class SocketService<State> implements Service {
  readonly name: string;
  readonly movable = false;
  readonly #listener: SocketListenerOptions<State>;
  readonly #host: ServiceHost<State>;
  readonly #acceptor: Acceptor;
  /** The connections that are open, or whose handler has not returned, and since when they are. */
  readonly #connections = new Map<Socket, number>();
  /** Ends the drain under way. */
  #endDrain: (() => void) | undefined;

  constructor({ name, listener, host }: SocketServiceOptions<State>) {
    this.name = name;
    this.#listener = listener;
    this.#host = host;
    this.#acceptor = new Acceptor({
      os: host.os,
      tls: listener.tls,
      onConnection: (socket) => this.#serve(socket),
      onError: (error) => this.#report(error, `Cannot accept a connection for ${name}`),
    });
  }

  async accept(listener: number | ListenAddress): Promise<void> {
    await this.#acceptor.accept(listener);
  }

  async drain({ until }: DrainOptions): Promise<DrainReport> {
    this.#acceptor.stop();
    const cut: UnfinishedRequest[] = [];
    const ended = Promise.withResolvers<void>();
    this.#endDrain = ended.resolve;
    let lastWait: ReturnType<typeof setTimeout> | undefined;
    const atDeadline = (): void => {
      for (const [socket, since] of this.#connections) {
        if (!socket.destroyed) cut.push(unfinished(undefined, since));
        socket.destroy();
      }
      // For the handlers to notice.
      lastWait = setTimeout(ended.resolve, ABORTED_FETCH_MS);
    };
    if (this.#connections.size === 0) ended.resolve();
    else if (until.aborted) atDeadline();
    else until.addEventListener("abort", atDeadline, { once: true });
    await ended.promise;
    until.removeEventListener("abort", atDeadline);
    clearTimeout(lastWait);
    const open = [...this.#connections].filter(([socket]) => !socket.destroyed);
    const atWork = lastWait === undefined ? [] : [...this.#connections.values()];
    return { openConnections: open.length, cut, pending: atWork.map((since) => unfinished(undefined, since)) };
  }

  paused(): readonly { readonly id: number }[] {
    return [];
  }

  descriptorOf(id: number): number {
    throw new Error(`Cannot find connection ${id} of ${this.name}: its connections are not moved`);
  }

  release(id: number): void {
    this.descriptorOf(id);
  }

  adopt(connection: number): void {
    this.#host.os.close(connection);
    throw new Error(`Cannot adopt a connection for ${this.name}: its connections are not moved`);
  }

  async resume(listener: number | ListenAddress): Promise<void> {
    this.#endDrain?.();
    await this.accept(listener);
  }

  cut(): void {
    this.#acceptor.stop();
    for (const socket of this.#connections.keys()) socket.destroy();
    this.#endDrain?.();
  }

  // deno-lint-ignore require-await -- the interface leaves room for a service that waits
  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
  }

  #serve(socket: Socket): void {
    this.#connections.set(socket, performance.now());
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    // Without a listener, a connection that the client resets would end the process.
    socket.on("error", () => {});
    const served = this.#handle(socket).catch((error) => {
      this.#report(error, `Cannot serve a connection of ${this.name}`);
      socket.destroy();
    });
    Promise.all([closed, served]).then(() => {
      this.#connections.delete(socket);
      if (this.#connections.size === 0) this.#endDrain?.();
    });
  }

  async #handle(socket: Socket): Promise<void> {
    await this.#listener.connection(socket, {
      state: this.#host.state(),
      remoteAddr: remoteAddress(socket),
      draining: this.#host.draining(),
    });
  }

  #report(error: unknown, doing: string): void {
    (this.#host.report ?? defaultReport)(error, doing);
  }
}
