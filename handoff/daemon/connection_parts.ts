/**
 * What moving a connection takes that neither node:net nor node:http documents: the descriptor of a socket, a way to stop
 * reading from it, and whether a request has begun to arrive. They are looked for when a service begins to accept; where
 * one is missing, connections are not moved, and nothing else changes.
 */

import type { Server, Socket } from "node:net";

/** The undocumented parts, found. */
export interface ConnectionParts {
  /** A duplicate of the socket's descriptor, close-on-exec. */
  duplicate(socket: Socket): number;
  /** Leaves what the client sends in the kernel from now on. */
  stopReading(socket: Socket): void;
  startReading(socket: Socket): void;
  /**
   * What the server has noted of the request that is arriving. It notes something for a new connection too, and notes it
   * anew when the first byte of a request arrives; it drops the note when the answer is out.
   */
  arriving(socket: Socket): unknown;
  /** Drops that note, which the server's `headersTimeout` goes by. */
  forgetArriving(socket: Socket): void;
}

/** What {@linkcode findConnectionParts} looks at. */
export interface ConnectionServers {
  /** The server that accepts, listening. */
  readonly listening: Server;
  /** The server that is given the connections. */
  readonly http: object;
}

/** Looks for the parts; names those that are missing. */
export function findConnectionParts({ listening, http }: ConnectionServers): ConnectionParts | { missing: string[] } {
  const handle = handleOf(listening) ?? {};
  const missing = HANDLE_CALLS.filter((name) => typeof handle[name] !== "function").map((name) => `_handle.${name}`);
  const active = activeRequests(http);
  if (active === undefined) return { missing: [...missing, "ConnectionsList._active"] };
  if (missing.length > 0) return { missing };
  return {
    duplicate: (socket) => call(socket, "fdForIpc"),
    stopReading: (socket) => void call(socket, "readStop"),
    startReading: (socket) => void call(socket, "readStart"),
    arriving: (socket) => active.get(socket),
    forgetArriving: (socket) => void active.delete(socket),
  };
}

const HANDLE_CALLS = ["fdForIpc", "readStop", "readStart"] as const;

type Handle = { readonly [name in (typeof HANDLE_CALLS)[number]]?: () => number };

function handleOf(of: object): Handle | undefined {
  return (of as { _handle?: Handle | null })._handle ?? undefined;
}

function call(socket: Socket, name: (typeof HANDLE_CALLS)[number]): number {
  const result = handleOf(socket)?.[name]?.() ?? -1;
  if (result < 0) throw new Error(`Cannot ${name} a connection: it is closed (${result})`);
  return result;
}

type ActiveRequests = Pick<Map<Socket, unknown>, "get" | "delete">;

/** The map of arriving requests, inside the list of connections that the server keeps under a symbol. */
function activeRequests(http: object): ActiveRequests | undefined {
  for (const symbol of Object.getOwnPropertySymbols(http)) {
    if (!symbol.description?.includes("onnections")) continue;
    const list = (http as Record<symbol, { _active?: Partial<ActiveRequests> } | undefined>)[symbol];
    const active = list?._active;
    if (typeof active?.get === "function" && typeof active.delete === "function") return active as ActiveRequests;
  }
}
