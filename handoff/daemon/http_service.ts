import { createServer, type IncomingMessage, type Server } from "node:http";
import { Socket } from "node:net";
import { Acceptor } from "./acceptor.ts";
import { Answer, defaultReport } from "./answer.ts";
import { type ConnectionParts, findConnectionParts } from "./connection_parts.ts";
import type { Drain } from "./drain.ts";
import { HttpConnection } from "./http_connection.ts";
import { lameDuck, passOn } from "./http_drain.ts";
import type {
  DrainOptions,
  DrainReport,
  HandlerContext,
  HttpListenerOptions,
  ListenAddress,
  Service,
} from "./service.ts";
import type { ServiceHost } from "./service_host.ts";

/** What an {@linkcode HttpService} is made of. */
export interface HttpServiceOptions<State> {
  readonly name: string;
  readonly listener: HttpListenerOptions<State>;
  readonly host: ServiceHost<State>;
}

/**
 * Serves HTTP/1.1 through node:http. The http.Server does not listen: another one accepts, so that accepting can stop
 * and begin again without a word to the connections.
 */
export class HttpService<State> implements Service {
  readonly name: string;
  readonly #listener: HttpListenerOptions<State>;
  readonly #host: ServiceHost<State>;
  readonly #http: Server<typeof IncomingMessage, typeof Answer>;
  readonly #acceptor: Acceptor;
  /** The open connections, and those that are closed while a handler is at work on a request of theirs. */
  readonly #connections = new Map<Socket, HttpConnection>();
  readonly #byId = new Map<number, HttpConnection>();
  readonly #keepAliveTimeout: number;
  #parts: ConnectionParts | undefined;
  #lastId = 0;
  #drain: Drain | undefined;

  constructor({ name, listener, host }: HttpServiceOptions<State>) {
    this.name = name;
    this.#listener = listener;
    this.#host = host;
    this.#keepAliveTimeout = listener.keepAliveTimeout ?? KEEP_ALIVE_TIMEOUT_MS;
    this.#http = this.#createHttpServer();
    this.#acceptor = new Acceptor({
      os: host.os,
      tls: listener.tls,
      onConnection: (socket) => this.#serve(socket),
      onError: (error) => this.#report(error, `Cannot accept a connection for ${name}`),
    });
  }

  get movable(): boolean {
    return this.#parts !== undefined && this.#listener.tls === undefined;
  }

  async accept(listener: number | ListenAddress): Promise<void> {
    await this.#acceptor.accept(listener);
    const { listening } = this.#acceptor;
    if (listening === undefined) return;
    const parts = (this.#host.findParts ?? findConnectionParts)({ listening, http: this.#http });
    this.#parts = "missing" in parts ? undefined : parts;
  }

  async drain(options: DrainOptions): Promise<DrainReport> {
    const drain = options.passOn && this.movable ? passOn : lameDuck;
    this.#drain = drain({ ...options, acceptor: this.#acceptor, connections: this.#connections });
    return await this.#drain.report;
  }

  paused(): readonly { readonly id: number }[] {
    return [...this.#byId.values()].filter(({ paused }) => paused).map(({ id }) => ({ id }));
  }

  descriptorOf(id: number): number {
    return this.#pausedConnection(id).duplicate();
  }

  release(id: number): void {
    const { socket } = this.#pausedConnection(id);
    this.#byId.delete(id);
    this.#connections.delete(socket);
    // This closes its descriptor without a shutdown, which the client would see.
    socket.destroy();
  }

  adopt(connection: number): void {
    let socket: Socket;
    try {
      socket = new Socket({ fd: connection, readable: true, writable: true, allowHalfOpen: true });
    } catch (error) {
      this.#host.os.close(connection);
      throw error;
    }
    socket.setNoDelay(true);
    this.#serve(socket).adopted(this.#keepAliveTimeout);
  }

  async resume(listener: number | ListenAddress): Promise<void> {
    this.#drain?.cancel();
    this.#drain = undefined;
    await this.accept(listener);
    for (const connection of this.#connections.values()) connection.resume(this.#keepAliveTimeout);
  }

  cut(): void {
    this.#drain?.cancel();
    this.#acceptor.stop();
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  // deno-lint-ignore require-await -- the interface leaves room for a service that waits
  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#http.close();
  }

  #createHttpServer(): Server<typeof IncomingMessage, typeof Answer> {
    const http = createServer({ ServerResponse: Answer, keepAliveTimeout: this.#keepAliveTimeout });
    http.on("request", (request, answer) => this.#answer(request, answer));
    // One that does not listen would close each connection after its answer, and let requests take for ever to arrive.
    Object.defineProperty(http, "listening", { value: true });
    http.emit("listening");
    const { upgrade } = this.#listener;
    if (upgrade !== undefined) {
      http.on("upgrade", (request: IncomingMessage, socket: Socket, head) => {
        const connection = this.#connections.get(socket);
        if (connection === undefined) return void socket.destroy();
        connection.upgraded = request;
        // Without a listener, a connection that the client resets would end the process.
        socket.on("error", () => {});
        const fail = (error: unknown): void => {
          this.#report(error, `Cannot upgrade ${JSON.stringify(request.url)}`);
          socket.destroy();
        };
        try {
          Promise.resolve(upgrade(request, socket, head, this.#context(connection))).catch(fail);
        } catch (error) {
          fail(error);
        }
      });
    }
    return http;
  }

  #serve(socket: Socket): HttpConnection {
    this.#http.emit("connection", socket);
    const connection = new HttpConnection(socket, { id: ++this.#lastId, parts: this.#parts });
    this.#connections.set(socket, connection);
    this.#byId.set(connection.id, connection);
    socket.once("close", () => {
      this.#byId.delete(connection.id);
      connection.close();
      this.#changed(connection);
    });
    this.#drain?.changed(connection);
    return connection;
  }

  #answer(request: IncomingMessage, answer: Answer): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return void answer.destroy();
    connection.begin(answer);
    answer.on("close", closeAnswer);
    answer.onOver = this.#onOver;
    this.#drain?.begun(answer);
    answer.give(this.#listener.fetch, { context: () => this.#context(connection), report: this.#report });
  }

  /**
   * One function for all answers: closures that hold their answer survive, a third of them, until the next full garbage
   * collection (V8 15), which takes more time than everything else here.
   */
  readonly #onOver = (answer: Answer): void => {
    const connection = this.#connections.get(answer.req.socket);
    if (connection === undefined) return;
    connection.end(answer);
    this.#changed(connection);
  };

  #changed(connection: HttpConnection): void {
    if (connection.isOver) this.#connections.delete(connection.socket);
    this.#drain?.changed(connection);
  }

  #context(connection: HttpConnection): HandlerContext<State> {
    return { state: this.#host.state(), remoteAddr: connection.remoteAddr, draining: this.#host.draining() };
  }

  #pausedConnection(id: number): HttpConnection {
    const connection = this.#byId.get(id);
    if (connection?.paused) return connection;
    throw new Error(`Cannot find connection ${id} of ${this.name}: it is not paused, or closed`);
  }

  readonly #report = (error: unknown, doing: string): void => {
    (this.#host.report ?? defaultReport)(error, doing);
  };
}

/** Longer than the idle time-outs of the usual proxies, so that it is they who close first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** One listener for all of them. */
function closeAnswer(this: Answer): void {
  this.close();
}
