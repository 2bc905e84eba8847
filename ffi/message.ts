import type { Calls, CallTable } from "./calls.ts";
import type { DescriptorCalls } from "./descriptor.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { addressOf, bytes, pinned, viewOf } from "./memory.ts";
import type { SocketCalls } from "./socket.ts";
import { unixAddress } from "./socket_address.ts";
import { checked, uninterrupted, withoutWaiting } from "./uninterrupted.ts";

/** Calls that move bytes and descriptors through sockets. */
export const MESSAGE_CALLS = {
  send: { parameters: [/* fd */ "int", /* buf */ "buffer", /* len */ "word", /* flags */ "int"] },
  recv: { parameters: [/* fd */ "int", /* buf */ "buffer", /* len */ "word", /* flags */ "int"] },
  sendmsg: { parameters: [/* fd */ "int", /* msg */ "buffer", /* flags */ "int"] },
  recvmsg: { parameters: [/* fd */ "int", /* msg */ "buffer", /* flags */ "int"] },
  sendto: {
    parameters: [
      /* fd */ "int",
      /* buf */ "buffer",
      /* len */ "word",
      /* flags */ "int",
      /* addr */ "buffer",
      /* addrlen */ "int",
    ],
  },
} as const satisfies CallTable;

/** {@linkcode MESSAGE_CALLS}, opened. */
export type MessageCalls = Calls<typeof MESSAGE_CALLS>;

/** The kernel's `SCM_MAX_FD`. */
export const MAX_DESCRIPTORS = 253;

/** What one recvmsg(2) brought. */
export interface Received {
  readonly bytes: number;
  readonly descriptors: readonly number[];
  readonly truncated: boolean;
}

const NOW = C.MSG_DONTWAIT | C.MSG_NOSIGNAL;
const MSG = OFFSET["struct msghdr"];
const CMSG = OFFSET["struct cmsghdr"];
const CMSG_DATA = SIZE["struct cmsghdr"];

/** How many bytes were taken, 0 when none can be now. */
export function send(calls: Pick<MessageCalls, "send">, fd: number, data: Uint8Array<ArrayBuffer>): number {
  const purpose = { syscall: "send", doing: `send on descriptor ${fd}` };
  return withoutWaiting(() => calls.send(fd, data, data.length, NOW), purpose) ?? 0;
}

/** How many bytes came, 0 at the end, undefined when nothing is there. */
export function receive(
  calls: Pick<MessageCalls, "recv">,
  fd: number,
  buffer: Uint8Array<ArrayBuffer>,
): number | undefined {
  const purpose = { syscall: "recv", doing: `receive on descriptor ${fd}` };
  return withoutWaiting(() => calls.recv(fd, buffer, buffer.length, C.MSG_DONTWAIT), purpose);
}

/**
 * How many bytes were taken, 0 when none can be now: the descriptors go with the first. Throws `RangeError` for more
 * than {@linkcode MAX_DESCRIPTORS}, and for descriptors without a byte to carry them.
 */
export function sendDescriptors(
  calls: Pick<MessageCalls, "sendmsg">,
  fd: number,
  data: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
): number {
  if (descriptors.length > MAX_DESCRIPTORS) {
    throw new RangeError(`${descriptors.length} descriptors: at most ${MAX_DESCRIPTORS} fit a message`);
  }
  if (descriptors.length > 0 && data.length === 0) throw new RangeError("Descriptors need a byte to go with");
  const control = rights(descriptors);
  const iovec = ioVector(data);
  const message = messageHeader(iovec, control);
  const purpose = { syscall: "sendmsg", doing: `send descriptors on descriptor ${fd}` };
  return pinned([data, control, iovec], () => withoutWaiting(() => calls.sendmsg(fd, message, NOW), purpose)) ?? 0;
}

/** What came, close-on-exec; undefined when nothing is there. Every descriptor that arrived is in it, truncated or not. */
export function receiveDescriptors(
  calls: Pick<MessageCalls, "recvmsg">,
  fd: number,
  buffer: Uint8Array<ArrayBuffer>,
): Received | undefined {
  const control = bytes(alignedLength(CMSG_DATA + 4 * MAX_DESCRIPTORS));
  const iovec = ioVector(buffer);
  const message = messageHeader(iovec, control);
  const purpose = { syscall: "recvmsg", doing: `receive on descriptor ${fd}` };
  const flags = C.MSG_DONTWAIT | C.MSG_CMSG_CLOEXEC;
  const count = pinned(
    [buffer, control, iovec],
    () => withoutWaiting(() => calls.recvmsg(fd, message, flags), purpose),
  );
  if (count === undefined) return undefined;
  const view = viewOf(message);
  return {
    bytes: count,
    descriptors: descriptorsIn(control.subarray(0, Number(view.getBigUint64(MSG.msg_controllen, true)))),
    truncated: (view.getInt32(MSG.msg_flags, true) & C.MSG_CTRUNC) !== 0,
  };
}

/** One datagram to a Unix socket, whose path may be abstract (`@name`). */
export function sendDatagram(
  calls: Pick<MessageCalls, "sendto"> & Pick<SocketCalls, "socket"> & Pick<DescriptorCalls, "close">,
  path: string,
  data: Uint8Array<ArrayBuffer>,
): void {
  const doing = "send a datagram to";
  const address = unixAddress(path, doing);
  const fd = checked(calls.socket(C.AF_UNIX, C.SOCK_DGRAM | C.SOCK_CLOEXEC, 0), { syscall: "socket", doing, path });
  const sent = uninterrupted(() => calls.sendto(fd, data, data.length, NOW, address, address.length));
  calls.close(fd);
  checked(sent, { syscall: "sendto", doing, path });
}

function rights(descriptors: readonly number[]): Uint8Array<ArrayBuffer> {
  if (descriptors.length === 0) return bytes(0);
  const length = CMSG_DATA + 4 * descriptors.length;
  const control = bytes(alignedLength(length));
  const view = viewOf(control);
  view.setBigUint64(CMSG.cmsg_len, BigInt(length), true);
  view.setInt32(CMSG.cmsg_level, C.SOL_SOCKET, true);
  view.setInt32(CMSG.cmsg_type, C.SCM_RIGHTS, true);
  descriptors.forEach((fd, i) => view.setInt32(CMSG_DATA + 4 * i, fd, true));
  return control;
}

function descriptorsIn(control: Uint8Array<ArrayBuffer>): number[] {
  const descriptors: number[] = [];
  const view = viewOf(control);
  for (let at = 0; at + CMSG_DATA <= control.length;) {
    const length = Number(view.getBigUint64(at + CMSG.cmsg_len, true));
    if (length < CMSG_DATA) break;
    const end = Math.min(at + length, control.length);
    const isRights = view.getInt32(at + CMSG.cmsg_level, true) === C.SOL_SOCKET &&
      view.getInt32(at + CMSG.cmsg_type, true) === C.SCM_RIGHTS;
    for (let i = at + CMSG_DATA; isRights && i + 4 <= end; i += 4) descriptors.push(view.getInt32(i, true));
    at += alignedLength(length);
  }
  return descriptors;
}

function ioVector(data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BigUint64Array([addressOf(data), BigInt(data.length)]).buffer);
}

function messageHeader(iovec: Uint8Array<ArrayBuffer>, control: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const message = bytes(SIZE["struct msghdr"]);
  const view = viewOf(message);
  view.setBigUint64(MSG.msg_iov, addressOf(iovec), true);
  view.setBigUint64(MSG.msg_iovlen, 1n, true);
  view.setBigUint64(MSG.msg_control, addressOf(control), true);
  view.setBigUint64(MSG.msg_controllen, BigInt(control.length), true);
  return message;
}

/** `CMSG_ALIGN`. */
function alignedLength(length: number): number {
  return Math.ceil(length / 8) * 8;
}
