import { printableJson } from "./printable.ts";
import { SyscallError } from "./errors.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { bytes, viewOf } from "./memory.ts";

/** Where a socket is bound: an address in digits, or a path (`@name` for an abstract one, "" for none). */
export type SocketAddress =
  | { readonly family: "inet" | "inet6"; readonly host: string; readonly port: number }
  | { readonly family: "unix"; readonly path: string };

const IN = OFFSET["struct sockaddr_in"];
const IN6 = OFFSET["struct sockaddr_in6"];
const UN = OFFSET["struct sockaddr_un"];

/** The longest path, since the kernel wants a NUL behind it. */
const MAX_PATH = SIZE["struct sockaddr_un"] - UN.sun_path - 1;

/** `struct sockaddr_in` or `sockaddr_in6`. Throws `TypeError` for what is not an IP address in digits, or not a port. */
export function inetAddress(host: string, port: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`${port} is not a port`);
  const v4 = ipv4(host);
  const address = bytes(v4 === undefined ? SIZE["struct sockaddr_in6"] : SIZE["struct sockaddr_in"]);
  const view = viewOf(address);
  view.setUint16(IN.sin_family, v4 === undefined ? C.AF_INET6 : C.AF_INET, true);
  view.setUint16(IN.sin_port, port);
  if (v4 !== undefined) address.set(v4, IN.sin_addr);
  else ipv6(host).forEach((group, i) => view.setUint16(IN6.sin6_addr + 2 * i, group));
  return address;
}

/** `struct sockaddr_un`. Throws {@linkcode SyscallError} with ENAMETOOLONG for a path that does not fit. */
export function unixAddress(path: string, doing: string): Uint8Array<ArrayBuffer> {
  if (path === "" || path.includes("\0")) throw new TypeError(`${printableJson(path)} is not the path of a socket`);
  const encoded = new TextEncoder().encode(path);
  if (encoded.length > MAX_PATH) throw new SyscallError(doing, { syscall: "bind", errno: C.ENAMETOOLONG, path });
  const abstract = path.startsWith("@");
  // An abstract name is as long as the structure says; a path ends with a NUL.
  const address = bytes(UN.sun_path + encoded.length + (abstract ? 0 : 1));
  viewOf(address).setUint16(UN.sun_family, C.AF_UNIX, true);
  address.set(encoded, UN.sun_path);
  if (abstract) address[UN.sun_path] = 0;
  return address;
}

/** What the kernel wrote; undefined for another family. */
export function parseAddress(address: Uint8Array<ArrayBuffer>): SocketAddress | undefined {
  const view = viewOf(address);
  switch (view.getUint16(0, true)) {
    case C.AF_INET:
      return {
        family: "inet",
        host: address.subarray(IN.sin_addr, IN.sin_addr + 4).join("."),
        port: view.getUint16(IN.sin_port),
      };
    case C.AF_INET6: {
      const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(IN6.sin6_addr + 2 * i).toString(16));
      // URL writes an address in its shortest form.
      const host = new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
      return { family: "inet6", host, port: view.getUint16(IN6.sin6_port) };
    }
    case C.AF_UNIX: {
      const path = new TextDecoder().decode(address.subarray(UN.sun_path));
      if (path.startsWith("\0")) return { family: "unix", path: `@${path.slice(1)}` };
      const end = path.indexOf("\0");
      return { family: "unix", path: end === -1 ? path : path.slice(0, end) };
    }
    default:
      return undefined;
  }
}

function ipv4(host: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return undefined;
  const parts = host.split(".").map(Number);
  return parts.every((part) => part <= 255) ? parts : undefined;
}

/** The eight groups of an IPv6 address. */
function ipv6(host: string): number[] {
  const url = URL.parse(`http://[${host}]`);
  if (!host.includes(":") || url === null) {
    throw new TypeError(`${printableJson(host)} is not an IP address in digits`);
  }
  const [head = [], tail] = url.hostname.slice(1, -1).split("::")
    .map((half) => half === "" ? [] : half.split(":").map((group) => parseInt(group, 16)));
  if (tail === undefined) return head;
  return [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail];
}
