import type { Calls } from "../ffi/calls.ts";
import { CLOCK_CALLS, monotonicMicroseconds } from "../ffi/clock.ts";
import * as descriptor from "../ffi/descriptor.ts";
import { HandoffError, SyscallError } from "../ffi/errors.ts";
import { openSymbols } from "../ffi/libc.ts";
import { C } from "../ffi/linux_abi.ts";
import * as message from "../ffi/message.ts";
import { OPEN_FILES_CALLS } from "../ffi/open_files.ts";
import { POLL_CALLS } from "../ffi/poll.ts";
import * as process from "../ffi/process.ts";
import * as socket from "../ffi/socket.ts";
import { spawn, SPAWN_CALLS } from "../ffi/spawn.ts";
import type { Exit, Os, Peer, ReceivedMessage, SocketName, SpawnRequest, WaitOptions } from "./os.ts";
import { Poller } from "./poller.ts";

/** The handoff needs Linux on x86_64 or aarch64, and a C library whose errno can be read. */
export class HandoffUnsupportedError extends HandoffError {
  /** What stands in the way. */
  readonly reason: "platform" | "errno";

  /** An error for `reason`, explained by `message`. */
  constructor(reason: "platform" | "errno", message: string) {
    super(message);
    this.reason = reason;
  }
}

const TABLE = {
  ...descriptor.DESCRIPTOR_CALLS,
  ...socket.SOCKET_CALLS,
  ...message.MESSAGE_CALLS,
  ...process.PROCESS_CALLS,
  ...OPEN_FILES_CALLS,
  ...SPAWN_CALLS,
  ...CLOCK_CALLS,
} as const;

/**
 * The kernel, by the C library. Throws {@linkcode HandoffUnsupportedError} elsewhere than on Linux. Opening it takes a
 * permission to run foreign code (`--allow-ffi`), which is a permission for everything.
 */
export function openOs(build: Pick<typeof Deno.build, "os" | "arch"> = Deno.build): Os {
  if (build.os !== "linux" || (build.arch !== "x86_64" && build.arch !== "aarch64")) {
    throw new HandoffUnsupportedError(
      "platform",
      `A handoff needs Linux on x86_64 or aarch64, and this is ${build.os} on ${build.arch}`,
    );
  }
  using opened = new DisposableStack();
  const calls = opened.use(openSymbols(TABLE));
  const errno = -calls.close(-1);
  if (errno !== C.EBADF) {
    throw new HandoffUnsupportedError(
      "errno",
      `errno cannot be read: close(-1) must fail with EBADF, and it says ${errno}`,
    );
  }
  const poller = opened.use(new Poller(openSymbols({ ...POLL_CALLS, close: descriptor.DESCRIPTOR_CALLS.close })));
  return new LinuxOs(calls, poller, opened.move());
}

class LinuxOs implements Os {
  readonly #calls: Calls<typeof TABLE>;
  readonly #poller: Poller;
  readonly #opened: Disposable;
  /** The ended child without an owner at the last look for orphans. */
  #orphan: number | undefined;
  readonly uid: number;

  constructor(calls: Calls<typeof TABLE>, poller: Poller, opened: Disposable) {
    this.#calls = calls;
    this.#poller = poller;
    this.#opened = opened;
    this.uid = calls.geteuid();
  }

  duplicate(fd: number, lowest = 3): number {
    return descriptor.duplicate(this.#calls, fd, lowest);
  }

  duplicateOnto(fd: number, target: number, options: { readonly closeOnExec: boolean }): void {
    descriptor.duplicateOnto(this.#calls, fd, target, options);
  }

  close(fd: number): void {
    this.#poller.abandon(fd, new SyscallError(`wait for descriptor ${fd}`, { syscall: "poll", errno: C.EBADF }));
    this.#calls.close(fd);
  }

  setCloseOnExec(fd: number, on: boolean): void {
    descriptor.setCloseOnExec(this.#calls, fd, on);
  }

  setNonBlocking(fd: number, on: boolean): void {
    descriptor.setNonBlocking(this.#calls, fd, on);
  }

  setReceiveTimeout(fd: number, ms: number): void {
    socket.setReceiveTimeout(this.#calls, fd, ms);
  }

  setMode(fd: number, mode: number): void {
    descriptor.setMode(this.#calls, fd, mode);
  }

  readable(fd: number, options?: WaitOptions): Promise<boolean> {
    return this.#poller.readable(fd, options);
  }

  writable(fd: number, options?: WaitOptions): Promise<boolean> {
    return this.#poller.writable(fd, options);
  }

  listenTcp(
    address: { readonly host: string; readonly port: number; readonly v6Only?: boolean },
    backlog: number,
  ): number {
    return socket.listenTcp(this.#calls, address, backlog);
  }

  listenUnix(path: string, options: { readonly mode: number; readonly backlog: number }): number {
    return socket.listenUnix(this.#calls, path, options);
  }

  connectUnix(path: string): number {
    return socket.connectUnix(this.#calls, path);
  }

  accept(listener: number): number | undefined {
    return socket.accept(this.#calls, listener);
  }

  socketPair(): readonly [number, number] {
    return socket.socketPair(this.#calls);
  }

  peer(fd: number): Peer {
    return socket.peer(this.#calls, fd);
  }

  socketName(fd: number): SocketName | undefined {
    return socket.socketName(this.#calls, fd);
  }

  isListening(fd: number): boolean {
    return socket.isListening(this.#calls, fd);
  }

  send(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
    return message.send(this.#calls, fd, bytes);
  }

  receive(fd: number, buffer: Uint8Array<ArrayBuffer>): number | undefined {
    return message.receive(this.#calls, fd, buffer);
  }

  sendDescriptors(fd: number, bytes: Uint8Array<ArrayBuffer>, descriptors: readonly number[]): number {
    return message.sendDescriptors(this.#calls, fd, bytes, descriptors);
  }

  receiveDescriptors(fd: number, buffer: Uint8Array<ArrayBuffer>): ReceivedMessage | undefined {
    return message.receiveDescriptors(this.#calls, fd, buffer);
  }

  sendDatagram(path: string, bytes: Uint8Array<ArrayBuffer>): void {
    message.sendDatagram(this.#calls, path, bytes);
  }

  monotonicMicroseconds(): bigint {
    return monotonicMicroseconds(this.#calls);
  }

  spawn(request: SpawnRequest): number {
    return spawn(this.#calls, request);
  }

  reap(pid: number): Exit | undefined {
    return process.reap(this.#calls, pid);
  }

  /**
   * A child is an orphan when it was seen ended by the call before this one, too, and nobody has reaped it since: the
   * runtime reaps the children of `Deno.Command` by itself, in the turns of the event loop between two calls.
   */
  reapOrphans(isOurs: (pid: number) => boolean): readonly number[] {
    const reaped: number[] = [];
    for (;;) {
      const pid = process.endedChild(this.#calls);
      const orphan = this.#orphan;
      this.#orphan = pid === undefined || isOurs(pid) ? undefined : pid;
      if (this.#orphan === undefined || this.#orphan !== orphan) return reaped;
      process.reap(this.#calls, this.#orphan);
      reaped.push(this.#orphan);
    }
  }

  pidfd(pid: number): number | undefined {
    return process.openPidfd(this.#calls, pid);
  }

  kill(pid: number, signal: number): boolean {
    return process.kill(this.#calls, pid, signal);
  }

  killPidfd(pidfd: number, signal: number): boolean {
    return process.killPidfd(this.#calls, pidfd, signal);
  }

  raiseDescriptorLimit(): void {
    descriptor.raiseDescriptorLimit(this.#calls);
  }

  [Symbol.dispose](): void {
    this.#opened[Symbol.dispose]();
  }
}
