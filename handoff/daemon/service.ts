/**
 * What the life of a daemon needs from whatever serves on a listener: to accept, to drain, to give its connections away,
 * and to serve on. `http_service.ts` and `socket_service.ts` are the two services there are.
 */

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Address } from "../listener.ts";

/** The other end of a connection, in the shape that `Deno.serve` gives it. */
export type RemoteAddress =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** What a handler is given beside the request or the connection. */
export interface HandlerContext<State> {
  /** What `open` returned. */
  readonly state: State;
  /** The client. */
  readonly remoteAddr: RemoteAddress;
  /** Aborted when the daemon begins to drain: end event streams and long polls then. */
  readonly draining: AbortSignal;
}

/** Answers one request. An error that it throws is answered with 500. */
export type FetchHandler<State> = (
  request: Request,
  context: HandlerContext<State>,
) => Response | Promise<Response>;

/** Takes over a connection whose client asked for another protocol, such as WebSocket: the `upgrade` event of node:http. */
export type UpgradeHandler<State> = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  context: HandlerContext<State>,
) => void | Promise<void>;

/** Takes over a connection as it is. */
export type ConnectionHandler<State> = (socket: Socket, context: HandlerContext<State>) => void | Promise<void>;

/** A certificate chain and its private key, both in PEM. */
export interface TlsOptions {
  /** The chain, the server's own certificate first. */
  readonly cert: string;
  /** The key of that certificate. */
  readonly key: string;
}

/** A listener that speaks HTTP/1.1. */
export interface HttpListenerOptions<State> {
  /** Answers each request. */
  readonly fetch: FetchHandler<State>;
  /** Without it, a request to upgrade is answered by `fetch` like any other. */
  readonly upgrade?: UpgradeHandler<State> | undefined;
  /** Makes it HTTPS. Such connections cannot be passed on: they are finished, and closed. */
  readonly tls?: TlsOptions | undefined;
  /** How long an idle connection is kept, in milliseconds; 65,000 by default. */
  readonly keepAliveTimeout?: number;
}

/** A listener whose protocol is the handler's. */
export interface SocketListenerOptions<State> {
  /** Takes over each connection. */
  readonly connection: ConnectionHandler<State>;
  /** Has each connection begin with a TLS handshake. */
  readonly tls?: TlsOptions | undefined;
}

/** How one listener is served. */
export type ListenerOptions<State> = HttpListenerOptions<State> | SocketListenerOptions<State>;

/** How a daemon serves: `fetch` on the listener that is named "http", and any others by their names. */
export interface ServiceOptions<State> {
  /** Answers each request on the listener that is named "http". */
  readonly fetch?: FetchHandler<State>;
  /** How each of the other listeners is served, by its name. */
  readonly listeners?: Readonly<Record<string, ListenerOptions<State>>> | undefined;
}

/** A request that a drain could not wait for. */
export interface UnfinishedRequest {
  /** Such as `"GET"`. */
  readonly method: string;
  /** The path alone: a query may carry secrets. */
  readonly path: string;
  /** Since it arrived, in milliseconds. */
  readonly ageMs: number;
}

/** How a drain ended. */
export interface DrainReport {
  /** Connections that are open still: those that were paused to be passed on. */
  readonly openConnections: number;
  /** Requests whose connection was cut at the deadline; for a connection without one, method and path are empty. */
  readonly cut: readonly UnfinishedRequest[];
  /** Requests whose handler did not settle: it might still write, which fails the drain. */
  readonly pending: readonly UnfinishedRequest[];
}

/** How to drain. */
export interface DrainOptions {
  /** The deadline: aborted when what is still open is cut. */
  readonly until: AbortSignal;
  /** Whether a successor takes the connections: idle ones are then paused and kept, instead of closed. */
  readonly passOn: boolean;
  /** For how long an idle connection may still bring a request before it is closed, in milliseconds. */
  readonly graceMs: number;
  /** Whether a handler that has not settled in the end is left behind, its connection cut; it is reported all the same. */
  readonly force?: boolean | undefined;
}

/** An address to listen on, where listening sockets cannot be had as descriptors. */
export interface ListenAddress {
  readonly wanted: Address;
  /** Where it listens, once it does: with the port that the system chose for port 0. */
  bound?: Address;
}

/** Serves the connections of one listener. */
export interface Service extends AsyncDisposable {
  /** The name of the listener. */
  readonly name: string;
  /** Whether idle connections can be given to a successor: false for TLS, and where the runtime lacks what it takes. */
  readonly movable: boolean;
  /** Accepts connections on a duplicate of the socket `listener`, which stays the caller's; or listens by itself. */
  accept(listener: number | ListenAddress): Promise<void>;
  /** Finishes what is in flight and accepts nothing more. */
  drain(options: DrainOptions): Promise<DrainReport>;
  /** The connections that a drain paused, in no order. */
  paused(): readonly { readonly id: number }[];
  /** A duplicate of the descriptor of a paused connection, close-on-exec; it is the caller's. */
  descriptorOf(id: number): number;
  /** Closes this process's descriptor of a paused connection that the successor has; its client notices nothing. */
  release(id: number): void;
  /** Serves a connection that was accepted elsewhere; owns the descriptor from the call on, also when it throws. */
  adopt(connection: number): void;
  /** Accepts again, and goes on with every connection that was paused and not given away. */
  resume(listener: number | ListenAddress): Promise<void>;
  /** Closes the listener and every connection at once. */
  cut(): void;
}
