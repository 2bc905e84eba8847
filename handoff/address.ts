import { isIPv4, isIPv6 } from "node:net";
import { resolve } from "@std/path";
import { HandoffError } from "../lock/errors.ts";

/** Where a listener is bound, or is to be. */
export type Address =
  | { readonly family: "inet"; readonly host: string; readonly port: number }
  | {
    readonly family: "inet6";
    readonly host: string;
    readonly port: number;
    /** False: `::` takes IPv4, too. Not known of a socket that is bound already. */
    readonly v6Only?: boolean;
  }
  | { readonly family: "unix"; readonly path: string };

/** An address or a name that cannot be used, or an address that cannot be listened on. */
export class ListenerError extends HandoffError {}

/**
 * An address as it is written: `127.0.0.1:8080`, `[::1]:8080`, `*:8080` for IPv4 and IPv6, `unix:/run/app.sock`. Port 0 is
 * any that is free. Throws a {@linkcode ListenerError}.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) return { family: "unix", path: pathOf(text) };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw malformed(text, "write it as 127.0.0.1:8080, [::1]:8080, *:8080 or unix:/path");
  }
  const port = Number(digits);
  if (port > 65_535) throw malformed(text, `${digits} is not a port`);
  if (plain === "*") return { family: "inet6", host: "::", port, v6Only: false };
  if (bracketed !== undefined && isIPv6(bracketed) && !bracketed.includes("%")) {
    return { family: "inet6", host: bracketed, port, v6Only: true };
  }
  if (plain !== undefined && isIPv4(plain)) return { family: "inet", host: plain, port };
  throw malformed(text, `${JSON.stringify(bracketed ?? plain)} is not an IP address in digits`);
}

/** An address as {@linkcode parseAddress} takes it. */
export function formatAddress(address: Address): string {
  if (address.family === "unix") return `unix:${address.path}`;
  const { family, host, port } = address;
  if (family === "inet") return `${host}:${port}`;
  return address.v6Only === false ? `*:${port}` : `[${host}]:${port}`;
}

/** Whether a socket that is bound to `bound` is what `wanted` asks for; a wanted port 0 is any. */
export function isBoundAs(bound: Address, wanted: Address): boolean {
  if (bound.family === "unix" || wanted.family === "unix") {
    return bound.family === "unix" && wanted.family === "unix" && bound.path === wanted.path;
  }
  return hostOf(bound) === hostOf(wanted) && (wanted.port === 0 || wanted.port === bound.port);
}

/** Throws a {@linkcode ListenerError} for a name that `LISTEN_FDNAMES` cannot carry. */
export function checkListenerName(name: string): void {
  if (/^[\x20-\x39\x3b-\x7e]{1,255}$/.test(name)) return;
  throw new ListenerError(
    `Cannot use ${JSON.stringify(name)} as the name of a listener: it must have 1 to 255 printable ASCII characters, ` +
      'and no ":"',
  );
}

function pathOf(text: string): string {
  const path = text.slice("unix:".length);
  if (path === "" || path.endsWith("/") || path.includes("\0")) throw malformed(text, "it has no path of a file");
  return resolve(path);
}

function malformed(text: string, reason: string): ListenerError {
  return new ListenerError(`Cannot listen on ${JSON.stringify(text)}: ${reason}`);
}

/** The shortest form, so that two ways to write one address are alike. */
function hostOf({ family, host }: Exclude<Address, { family: "unix" }>): string {
  return family === "inet" ? host : new URL(`http://[${host}]`).hostname;
}
