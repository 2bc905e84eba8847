import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Os } from "../os.ts";
import { BACKLOG } from "../timeouts.ts";
import type { Address } from "../listener.ts";
import type { ListenAddress, TlsOptions } from "./service.ts";

/** What an {@linkcode Acceptor} is made of. */
export interface AcceptorOptions {
  readonly os: Pick<Os, "duplicate" | "close" | "setNonBlocking">;
  readonly tls?: TlsOptions | undefined;
  /** Given each connection: for TLS, after the handshake. */
  readonly onConnection: (socket: Socket) => void;
  /** Told of an accept that failed: there was no descriptor for the connection. */
  readonly onError: (error: Error) => void;
}

/**
 * Accepts connections on a listening socket that it does not own, as often as it is told to, and closes neither that
 * socket nor a connection when it stops: `http.Server.close()` would close both.
 */
export class Acceptor {
  readonly #options: AcceptorOptions;
  #server: Server | undefined;
  #stops = 0;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /** The server that is listening now. */
  get listening(): Server | undefined {
    return this.#server;
  }

  /** Accepts on a duplicate of the socket `listener`, since the server closes the number it is given. */
  async accept(listener: number | ListenAddress): Promise<void> {
    this.stop();
    const place = typeof listener === "number" ? { fd: this.#duplicate(listener) } : placeOf(listener.wanted);
    const { onError } = this.#options;
    const server = this.#server = this.#createServer();
    const stops = this.#stops;
    const listening = Promise.withResolvers<void>();
    server.once("error", listening.reject);
    // The second argument is the backlog: without it, listen(2) would cut the one the socket was bound with to 511.
    (server.listen as (options: object, backlog: number, listening: () => void) => void)
      .call(server, place, BACKLOG, listening.resolve);
    try {
      await listening.promise;
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    server.off("error", listening.reject);
    if (typeof listener !== "number") listener.bound = boundAs(listener.wanted, server.address());
    server.on("error", onError);
    if (stops !== this.#stops) server.close();
  }

  /** Stops accepting: what connects from now on waits in the queue of the socket. */
  stop(): void {
    this.#stops++;
    this.#server?.close();
    this.#server = undefined;
  }

  #duplicate(listener: number): number {
    const { os } = this.#options;
    const fd = os.duplicate(listener);
    try {
      os.setNonBlocking(fd, true);
      return fd;
    } catch (error) {
      os.close(fd);
      throw error;
    }
  }

  #createServer(): Server {
    const { tls, onConnection } = this.#options;
    // As http.Server would create it.
    const options = { allowHalfOpen: true, noDelay: true };
    if (tls === undefined) return createServer(options, onConnection);
    return createTlsServer({ ...options, ...tls, ALPNProtocols: ["http/1.1"] }, onConnection);
  }
}

/** An address in the words of node:net. */
function placeOf(address: Address): object {
  if (address.family === "unix") return { path: address.path };
  const { host, port } = address;
  return { host, port, ipv6Only: address.family === "inet6" && address.v6Only !== false };
}

function boundAs(wanted: Address, bound: ReturnType<Server["address"]>): Address {
  if (wanted.family === "unix" || bound === null || typeof bound === "string") return wanted;
  return { ...wanted, port: bound.port };
}
