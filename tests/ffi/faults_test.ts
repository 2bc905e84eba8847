import { assertEquals, assertThrows } from "@std/assert";
import { setMode } from "../../ffi/descriptor.ts";
import { SyscallError } from "../../ffi/errors.ts";
import { receive, receiveDescriptors, send, sendDescriptors } from "../../ffi/message.ts";
import { endedChild, openPidfd, reap } from "../../ffi/process.ts";
import { accept, listenUnix, type SocketCalls } from "../../ffi/socket.ts";
import { claim } from "../support/claim.ts";

const LINUX = { needs: ["linux"] } as const;
const ERRNO = { EINTR: 4, ECHILD: 10, EAGAIN: 11, ENOSYS: 38, EMFILE: 24, EPIPE: 32, ECONNABORTED: 103, ENOBUFS: 105 };
type Fault = keyof typeof ERRNO;

const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const BYTE = new Uint8Array(1);

/** Everything that goes through a socket, over a call that answers as it is told. */
const TRANSFERS: Readonly<Record<string, (call: () => number) => unknown>> = {
  send: (call) => send({ send: call }, 7, BYTE),
  receive: (call) => receive({ recv: call }, 7, BYTE),
  sendDescriptors: (call) => sendDescriptors({ sendmsg: call }, 7, BYTE, [0]),
  receiveDescriptors: (call) => receiveDescriptors({ recvmsg: call }, 7, BYTE),
  accept: (call) => accept({ accept4: call }, 7),
};

/** A call that fails in turn with each of `faults`, and then succeeds with 1. */
function failing(...faults: readonly Fault[]): { call: () => number; made: () => number } {
  let made = 0;
  return { call: () => made < faults.length ? -ERRNO[faults[made++]] : (made++, 1), made: () => made };
}

for (const [name, transfer] of Object.entries(TRANSFERS)) {
  claim(`${name} is made again when a signal interrupts it`, () => {
    const { call, made } = failing("EINTR", "EINTR");
    transfer(call);
    assertEquals(made(), 3);
  });

  claim(`${name} that would have to wait says so at once`, () => {
    const { call, made } = failing("EAGAIN");
    assertEquals([transfer(call), made()], [name.startsWith("send") ? 0 : undefined, 1]);
  });

  claim(`${name} gives up on interruptions without end, so that no signal storm stalls the event loop`, () => {
    const error = assertThrows(() => transfer(() => -ERRNO.EINTR), SyscallError);
    assertEquals(error.code, "EINTR");
  });

  for (const fault of ["EMFILE", "ENOBUFS", "EPIPE"] as const) {
    claim(`${fault} of ${name} is a SyscallError that names the call and the descriptor, after one try`, () => {
      const { call, made } = failing(fault);
      const error = assertThrows(() => transfer(call), SyscallError, "descriptor 7");
      assertEquals([error.code, error.errno, error.path, made()], [fault, ERRNO[fault], undefined, 1]);
    }, LINUX);
  }
}

claim("what is sent raises no SIGPIPE, which would end a process that does not ignore it, and never waits", () => {
  const flags: number[] = [];
  send({ send: (_fd, _data, _length, flag) => flags.push(flag) }, 7, BYTE);
  sendDescriptors({ sendmsg: (_fd, _message, flag) => flags.push(flag) }, 7, BYTE, [0]);
  assertEquals(flags, [MSG_NOSIGNAL | MSG_DONTWAIT, MSG_NOSIGNAL | MSG_DONTWAIT]);
});

claim("accept takes the next connection when one is gone again", () => {
  assertEquals(accept({ accept4: failing("ECONNABORTED").call }, 7), 1);
});

claim("a mode is set although a signal interrupts it", () => {
  const { call, made } = failing("EINTR");
  setMode({ fchmod: call }, 7, 0o600);
  assertEquals(made(), 2);
});

claim("listenUnix sets the mode before the name is there, so that nobody else connects in between", () => {
  const order: string[] = [];
  listenUnix(recording(order), "/run/s", { mode: 0o600, backlog: 1 });
  assertEquals(order, ["socket", "fchmod", "bind", "listen"]);
});

for (const step of ["fchmod", "bind", "listen"]) {
  claim(`a socket whose ${step} fails is closed, once`, () => {
    const order: string[] = [];
    const error = assertThrows(
      () => listenUnix(recording(order, step), "/run/s", { mode: 0o600, backlog: 1 }),
      SyscallError,
    );
    assertEquals([error.syscall, order.slice(-2)], [step, [step, "close"]]);
  });
}

/** Socket calls that write down their names; the one that is named `broken` fails. */
function recording(order: string[], broken?: string): SocketCalls {
  return new Proxy({} as SocketCalls, {
    get: (_, name: string) => () => {
      order.push(name);
      return name === broken ? -ERRNO.ENOBUFS : 7;
    },
  });
}

claim("reap is made again when a signal interrupts it, and where there is no child says so", () => {
  const interrupted = failing("EINTR");
  assertEquals(reap({ waitid: () => interrupted.call() === 1 ? 0 : -ERRNO.EINTR }, 42), undefined);
  assertEquals(assertThrows(() => reap({ waitid: failing("ECHILD").call }, 42), SyscallError).errno, ERRNO.ECHILD);
  assertEquals(endedChild({ waitid: failing("ECHILD").call }), undefined);
});

claim("a kernel without pidfds is told by ENOSYS", () => {
  const error = assertThrows(() => openPidfd({ pidfdOpen: failing("ENOSYS").call }, 42), SyscallError, "process 42");
  assertEquals([error.code, error.syscall], ["ENOSYS", "pidfd_open"]);
});
