import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Os } from "../os.ts";
import { BACKLOG } from "../timeouts.ts";
import type { TlsOptions } from "./service.ts";

/** What an {@linkcode Acceptor} is made of. */
export interface AcceptorOptions {
  readonly os: Pick<Os, "duplicate" | "close" | "setNonBlocking">;
  readonly tls?: TlsOptions;
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

  /** Accepts on a duplicate of `listener`, since the server closes the number it is given. */
  async accept(listener: number): Promise<void> {
    this.stop();
    const { os, onError } = this.#options;
    const server = this.#server = this.#createServer();
    const stops = this.#stops;
    const fd = os.duplicate(listener);
    try {
      os.setNonBlocking(fd, true);
    } catch (error) {
      os.close(fd);
      this.#server = undefined;
      throw error;
    }
    const listening = Promise.withResolvers<void>();
    server.once("error", listening.reject);
    // The second argument is the backlog: without it, listen(2) would cut the one the socket was bound with to 511.
    (server.listen as (options: { fd: number }, backlog: number, listening: () => void) => void)
      .call(server, { fd }, BACKLOG, listening.resolve);
    try {
      await listening.promise;
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    server.off("error", listening.reject);
    server.on("error", onError);
    if (stops !== this.#stops) server.close();
  }

  /** Stops accepting: what connects from now on waits in the queue of the socket. */
  stop(): void {
    this.#stops++;
    this.#server?.close();
    this.#server = undefined;
  }

  #createServer(): Server {
    const { tls, onConnection } = this.#options;
    // As http.Server would create it.
    const options = { allowHalfOpen: true, noDelay: true };
    if (tls === undefined) return createServer(options, onConnection);
    return createTlsServer({ ...options, ...tls, ALPNProtocols: ["http/1.1"] }, onConnection);
  }
}
