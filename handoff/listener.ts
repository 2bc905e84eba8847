import type { Os } from "./os.ts";
import { type Address, formatAddress, ListenerError } from "./address.ts";

import { checkPlainSocketPath, codeOf, kindOf, reasonOf } from "./socket_path.ts";
import { ACCEPT_TIMEOUT_MS, BACKLOG } from "./timeouts.ts";

export { type Address, checkListenerName, formatAddress, isBoundAs, ListenerError, parseAddress } from "./address.ts";
export { type InheritedListeners, inheritListeners } from "./inherited_listeners.ts";

/**
 * A listening socket, close-on-exec and non-blocking. A Unix socket that nobody listens on any more is replaced; its mode
 * is 0777 less the umask, as usual. Throws a {@linkcode ListenerError} that says in one sentence why not.
 */
export function bindListener(os: Os, address: Address, { backlog = BACKLOG }: { backlog?: number } = {}): number {
  if (address.family === "unix") return bindUnix(os, address, backlog);
  try {
    return os.listenTcp(address, backlog);
  } catch (error) {
    // A kernel without IPv6 serves all of its addresses by the other family.
    if (isEverywhere(address) && NO_IPV6.includes(codeOf(error) ?? "")) {
      return bindListener(os, { family: "inet", host: "0.0.0.0", port: address.port }, { backlog });
    }
    throw refused(address, error);
  }
}

/** Where a socket is bound; undefined where `fd` is not a socket. Of a dual-stack one the host is `::`. */
export function addressOf(os: Os, fd: number): Address | undefined {
  const name = os.socketName(fd);
  if (name === undefined) return undefined;
  if (name.family === "unix") return name;
  const { family, host, port } = name;
  return family === "inet" ? { family, host, port } : { family, host, port };
}

/**
 * To be called whenever accepting begins or goes on. `O_NONBLOCK` belongs to the open socket, which several processes
 * share: one of them may clear it, and this one's event loop would hang in accept(2) without a receive time-out.
 */
export function keepAccepting(os: Os, fd: number): void {
  os.setNonBlocking(fd, true);
  os.setReceiveTimeout(fd, ACCEPT_TIMEOUT_MS);
}

/** Gives the listener back as a successor of any kind expects it: without a receive time-out. */
export function beforeDrained(os: Os, fd: number): void {
  os.setReceiveTimeout(fd, 0);
}

const NO_IPV6 = ["EAFNOSUPPORT", "EADDRNOTAVAIL"];

function isEverywhere(address: Address): address is Address & { family: "inet6" } {
  return address.family === "inet6" && address.host === "::" && address.v6Only === false;
}

/** Bound at its own path, unlike a socket file, since the kernel reports that path as the address. */
function bindUnix(os: Os, address: Address & { family: "unix" }, backlog: number): number {
  const { path } = address;
  try {
    checkPlainSocketPath(path);
    const kind = kindOf(path);
    if (kind !== undefined && kind !== "a socket") throw new ListenerError(`${kind} is in its place`);
    if (kind !== undefined && isServed(os, path)) throw new ListenerError("the address is in use by another process");
    if (kind !== undefined) Deno.removeSync(path);
    return os.listenUnix(path, { mode: 0o777, backlog });
  } catch (error) {
    throw refused(address, error);
  }
}

function isServed(os: Os, path: string): boolean {
  try {
    os.close(os.connectUnix(path));
    return true;
  } catch (error) {
    return codeOf(error) === "EWOULDBLOCK";
  }
}

function refused(address: Address, cause: unknown): ListenerError {
  return new ListenerError(`Cannot listen on ${JSON.stringify(formatAddress(address))}: ${reasonOf(cause)}`, { cause });
}
