import type { Socket } from "node:net";
import { Acceptor } from "./acceptor.ts";
import { defaultReport, unfinished } from "./answer.ts";
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
  /** The open connections, and since when they are. */
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
    const atDeadline = (): void => {
      for (const [socket, since] of this.#connections) {
        cut.push(unfinished(undefined, since));
        socket.destroy();
      }
      ended.resolve();
    };
    if (this.#connections.size === 0) ended.resolve();
    else if (until.aborted) atDeadline();
    else until.addEventListener("abort", atDeadline, { once: true });
    await ended.promise;
    until.removeEventListener("abort", atDeadline);
    return { openConnections: this.#connections.size - cut.length, cut, pending: [] };
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
    socket.once("close", () => {
      this.#connections.delete(socket);
      if (this.#connections.size === 0) this.#endDrain?.();
    });
    // Without a listener, a connection that the client resets would end the process.
    socket.on("error", () => {});
    const fail = (error: unknown): void => {
      this.#report(error, `Cannot serve a connection of ${this.name}`);
      socket.destroy();
    };
    try {
      const context = {
        state: this.#host.state(),
        remoteAddr: remoteAddress(socket),
        draining: this.#host.draining(),
      };
      Promise.resolve(this.#listener.connection(socket, context)).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  #report(error: unknown, doing: string): void {
    (this.#host.report ?? defaultReport)(error, doing);
  }
}
