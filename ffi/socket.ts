import type { Calls, CallTable } from "./calls.ts";
import { type DescriptorCalls, setMode } from "./descriptor.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { bytes, viewOf } from "./memory.ts";
import { inetAddress, parseAddress, type SocketAddress, unixAddress } from "./socket_address.ts";
import { checked, type Purpose, uninterrupted, withoutWaiting } from "./uninterrupted.ts";

/** Calls about sockets, but for what goes through them. */
export const SOCKET_CALLS = {
  socket: { parameters: [/* domain */ "int", /* type */ "int", /* protocol */ "int"] },
  socketpair: { parameters: [/* domain */ "int", /* type */ "int", /* protocol */ "int", /* sv */ "buffer"] },
  bind: { parameters: [/* fd */ "int", /* addr */ "buffer", /* addrlen */ "int"] },
  listen: { parameters: [/* fd */ "int", /* backlog */ "int"] },
  connect: { parameters: [/* fd */ "int", /* addr */ "buffer", /* addrlen */ "int"] },
  accept4: { parameters: [/* fd */ "int", /* addr */ "buffer", /* addrlen */ "buffer", /* flags */ "int"] },
  getsockname: { parameters: [/* fd */ "int", /* addr */ "buffer", /* addrlen */ "buffer"] },
  getsockopt: {
    parameters: [/* fd */ "int", /* level */ "int", /* name */ "int", /* value */ "buffer", /* len */ "buffer"],
  },
  setsockopt: {
    parameters: [/* fd */ "int", /* level */ "int", /* name */ "int", /* value */ "buffer", /* len */ "int"],
  },
} as const satisfies CallTable;

/** What sockets need of the C library. */
export type SocketCalls = Calls<typeof SOCKET_CALLS> & Pick<DescriptorCalls, "close" | "fchmod">;

const STREAM = C.SOCK_STREAM | C.SOCK_CLOEXEC | C.SOCK_NONBLOCK;

/** socket, SO_REUSEADDR, bind, listen; an IPv6 address takes IPv4, too, only where `v6Only` is false. */
export function listenTcp(
  calls: SocketCalls,
  { host, port, v6Only = true }: { readonly host: string; readonly port: number; readonly v6Only?: boolean },
  backlog: number,
): number {
  const address = inetAddress(host, port);
  const v6 = address.length === SIZE["struct sockaddr_in6"];
  const doing = `listen on ${v6 ? `[${host}]` : host}:${port}`;
  return opened(calls, v6 ? C.AF_INET6 : C.AF_INET, doing, (fd) => {
    setOption(calls, fd, C.SOL_SOCKET, C.SO_REUSEADDR, int(1));
    if (v6) setOption(calls, fd, C.IPPROTO_IPV6, C.IPV6_V6ONLY, int(v6Only ? 1 : 0));
    checked(calls.bind(fd, address, address.length), { syscall: "bind", doing });
    checked(calls.listen(fd, backlog), { syscall: "listen", doing });
  });
}

/** A stream socket in the file system, of `mode` (less the umask) from the moment that its name is there. */
export function listenUnix(
  calls: SocketCalls,
  path: string,
  { mode, backlog }: { readonly mode: number; readonly backlog: number },
): number {
  const doing = "listen on";
  const address = unixAddress(path, doing);
  return opened(calls, C.AF_UNIX, doing, (fd) => {
    setMode(calls, fd, mode);
    checked(calls.bind(fd, address, address.length), { syscall: "bind", doing, path });
    checked(calls.listen(fd, backlog), { syscall: "listen", doing, path });
  });
}

/** Connects to a Unix socket without waiting: a full backlog is EAGAIN. */
export function connectUnix(calls: SocketCalls, path: string): number {
  const doing = "connect to";
  const address = unixAddress(path, doing);
  return opened(calls, C.AF_UNIX, doing, (fd) => {
    checked(uninterrupted(() => calls.connect(fd, address, address.length)), { syscall: "connect", doing, path });
  });
}

/** A connection, close-on-exec and non-blocking; undefined when none is waiting. A listener that blocks may block it. */
export function accept(calls: Pick<SocketCalls, "accept4">, listener: number): number | undefined {
  const purpose = { syscall: "accept4", doing: `accept on descriptor ${listener}` };
  return withoutWaiting(() => {
    const result = calls.accept4(listener, null, null, C.SOCK_CLOEXEC | C.SOCK_NONBLOCK);
    // The client is gone again: try the next one, as after an interruption.
    return result === -C.ECONNABORTED ? -C.EINTR : result;
  }, purpose);
}

/** Two connected Unix stream sockets, close-on-exec and non-blocking. */
export function socketPair(calls: Pick<SocketCalls, "socketpair">): readonly [number, number] {
  const pair = bytes(8);
  checked(calls.socketpair(C.AF_UNIX, STREAM, 0, pair), { syscall: "socketpair", doing: "make a pair of sockets" });
  const view = viewOf(pair);
  return [view.getInt32(0, true), view.getInt32(4, true)];
}

/** `SO_PEERCRED`: who was at the other end when it was connected. */
export function peer(calls: Pick<SocketCalls, "getsockopt">, fd: number): { pid: number; uid: number } {
  const value = bytes(SIZE["struct ucred"]);
  checked(option(calls, fd, C.SO_PEERCRED, value), { syscall: "getsockopt", doing: `ask for the peer of ${fd}` });
  const { pid, uid } = OFFSET["struct ucred"];
  const view = viewOf(value);
  return { pid: view.getInt32(pid, true), uid: view.getUint32(uid, true) };
}

/** Where the socket is bound; undefined when `fd` is not a socket, or one of a family that is not ours. */
export function socketName(calls: Pick<SocketCalls, "getsockname">, fd: number): SocketAddress | undefined {
  const address = bytes(SIZE["struct sockaddr_un"]);
  const length = int(address.length);
  const result = calls.getsockname(fd, address, length);
  if (result === -C.ENOTSOCK) return undefined;
  checked(result, { syscall: "getsockname", doing: `ask for the address of descriptor ${fd}` });
  return parseAddress(address.subarray(0, viewOf(length).getInt32(0, true)));
}

/** Whether it is a listening stream socket. */
export function isListening(calls: Pick<SocketCalls, "getsockopt">, fd: number): boolean {
  const value = int(0);
  const purpose = { syscall: "getsockopt", doing: `ask what descriptor ${fd} is` };
  const result = option(calls, fd, C.SO_ACCEPTCONN, value);
  if (result === -C.ENOTSOCK) return false;
  checked(result, purpose);
  if (viewOf(value).getInt32(0, true) === 0) return false;
  checked(option(calls, fd, C.SO_TYPE, value), purpose);
  return viewOf(value).getInt32(0, true) === C.SOCK_STREAM;
}

/** `SO_RCVTIMEO` in milliseconds; 0 waits for ever. */
export function setReceiveTimeout(calls: Pick<SocketCalls, "setsockopt">, fd: number, ms: number): void {
  const time = bytes(SIZE["struct timeval"]);
  const { tv_sec, tv_usec } = OFFSET["struct timeval"];
  viewOf(time).setBigInt64(tv_sec, BigInt(Math.floor(ms / 1_000)), true);
  viewOf(time).setBigInt64(tv_usec, BigInt(Math.ceil(ms % 1_000 * 1_000)), true);
  setOption(calls, fd, C.SOL_SOCKET, C.SO_RCVTIMEO, time);
}

/** A new socket after `prepare`; closed again where that throws. */
function opened(calls: SocketCalls, family: number, doing: string, prepare: (fd: number) => void): number {
  const fd = checked(calls.socket(family, STREAM, 0), { syscall: "socket", doing: `open a socket to ${doing}` });
  try {
    prepare(fd);
    return fd;
  } catch (error) {
    calls.close(fd);
    throw error;
  }
}

function option(
  calls: Pick<SocketCalls, "getsockopt">,
  fd: number,
  name: number,
  value: Uint8Array<ArrayBuffer>,
): number {
  return calls.getsockopt(fd, C.SOL_SOCKET, name, value, int(value.length));
}

function setOption(
  calls: Pick<SocketCalls, "setsockopt">,
  fd: number,
  level: number,
  name: number,
  value: Uint8Array<ArrayBuffer>,
): void {
  const purpose: Purpose = { syscall: "setsockopt", doing: `set an option of descriptor ${fd}` };
  checked(calls.setsockopt(fd, level, name, value, value.length), purpose);
}

function int(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([value]).buffer);
}
