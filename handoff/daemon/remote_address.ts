import type { Socket } from "node:net";
import type { RemoteAddress } from "./service.ts";

/** The other end of `socket`, as `Deno.serve` tells it: a Unix socket's clients have no name. */
export function remoteAddress(socket: Socket): RemoteAddress {
  const { remoteAddress: hostname, remotePort: port } = socket;
  if (hostname === undefined || port === undefined) return UNIX;
  return { transport: "tcp", hostname, port };
}

const UNIX: RemoteAddress = { transport: "unix", path: "" };
