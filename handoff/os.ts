/**
 * Every effect of the handoff on the kernel, behind one interface: real in `linux.ts`, faked in tests. A call that fails
 * throws `SyscallError`. A descriptor that a call returns is close-on-exec and belongs to the caller.
 */

/** The process at the other end of a Unix socket when it was connected (`SO_PEERCRED`). */
export interface Peer {
  /** The process id, in this process's pid namespace. */
  readonly pid: number;
  /** The effective user id. */
  readonly uid: number;
}

/** How a process ended. */
export type Exit = { readonly code: number } | { readonly signal: number };

/** Where a socket is bound. */
export type SocketName =
  | { readonly family: "inet" | "inet6"; readonly host: string; readonly port: number }
  | { readonly family: "unix"; readonly path: string };

/** A program to start. */
export interface SpawnRequest {
  /** The program, and its arguments. Without a slash it is looked for in the `PATH` of `env`, and not in ours. */
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory; by default this process's own. A relative program is relative to it. */
  readonly cwd?: string;
  /** What the child has open: number in the child → descriptor of ours. It inherits the standard streams not named here. */
  readonly descriptors?: ReadonlyMap<number, number>;
}

/** For how long to wait for a descriptor. */
export interface WaitOptions {
  /** In milliseconds; without it, for as long as it takes. */
  readonly timeout?: number | undefined;
  /** Ends the wait: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What one recvmsg(2) brought. */
export interface ReceivedMessage {
  /** How many bytes are in the buffer; 0 at the end of the stream. */
  readonly bytes: number;
  /** What came with them. */
  readonly descriptors: readonly number[];
  /** Whether descriptors were lost (`MSG_CTRUNC`). */
  readonly truncated: boolean;
}

/** The kernel, as far as the handoff needs it. */
export interface Os extends Disposable {
  /** The effective uid of this process. */
  readonly uid: number;

  /** A second descriptor of the same open file, close-on-exec (`F_DUPFD_CLOEXEC`), not below `lowest`, which is 3. */
  duplicate(fd: number, lowest?: number): number;
  /** Puts a copy of `fd` in the place of `target` (dup3), which is closed first. */
  duplicateOnto(fd: number, target: number, options: { readonly closeOnExec: boolean }): void;
  /**
   * Closes; ignores errors. Waits for the descriptor reject with EBADF. Better abort them first, and await them: until a
   * wait is over, another file that gets the number may be polled in its place.
   */
  close(fd: number): void;
  /** `FD_CLOEXEC`: whether children that are started do not get it. */
  setCloseOnExec(fd: number, on: boolean): void;
  /** `O_NONBLOCK` of the open file, which all processes that have it open share. */
  setNonBlocking(fd: number, on: boolean): void;
  /** `SO_RCVTIMEO` in milliseconds; 0 waits for ever. */
  setReceiveTimeout(fd: number, ms: number): void;
  /** fchmod(2). */
  setMode(fd: number, mode: number): void;

  /**
   * Whether `fd` has something to read, its end or an error (a number that is not open included) before the time is up. A
   * pidfd becomes readable at the end of its process. A wait keeps the process from ending.
   */
  readable(fd: number, options?: WaitOptions): Promise<boolean>;
  /** Whether `fd` takes a write before the time is up. */
  writable(fd: number, options?: WaitOptions): Promise<boolean>;

  /** socket, SO_REUSEADDR, bind, listen; the host in digits. Only `v6Only: false` with host `::` is dual stack. Non-blocking. */
  listenTcp(
    address: { readonly host: string; readonly port: number; readonly v6Only?: boolean },
    backlog: number,
  ): number;
  /** A stream socket in the file system, of `mode` from the first moment (fchmod before bind), listening. Non-blocking. */
  listenUnix(path: string, options: { readonly mode: number; readonly backlog: number }): number;
  /** Connects to a Unix socket. Non-blocking from the first, so that a full backlog is EWOULDBLOCK. */
  connectUnix(path: string): number;
  /** A connection; undefined when none is waiting. Non-blocking. Retries EINTR and ECONNABORTED. */
  accept(listener: number): number | undefined;
  /** Two connected stream sockets; non-blocking. */
  socketPair(): readonly [number, number];
  /** The process at the other end of a Unix socket. */
  peer(fd: number): Peer;
  /** Where the socket is bound; undefined when `fd` is not a socket. */
  socketName(fd: number): SocketName | undefined;
  /** Whether it is a listening stream socket (`SO_ACCEPTCONN`). */
  isListening(fd: number): boolean;

  /** send(2) with `MSG_NOSIGNAL`, without waiting: how many bytes were taken, 0 when none can be now. */
  send(fd: number, bytes: Uint8Array<ArrayBuffer>): number;
  /** recv(2) without waiting: how many bytes came, 0 at the end, undefined when nothing is there. */
  receive(fd: number, buffer: Uint8Array<ArrayBuffer>): number | undefined;
  /** sendmsg(2) with `SCM_RIGHTS`: how many bytes were taken (the descriptors go with the first), 0 when none can be now. */
  sendDescriptors(fd: number, bytes: Uint8Array<ArrayBuffer>, descriptors: readonly number[]): number;
  /** recvmsg(2) with `MSG_CMSG_CLOEXEC`, without waiting; undefined when nothing is there. */
  receiveDescriptors(fd: number, buffer: Uint8Array<ArrayBuffer>): ReceivedMessage | undefined;
  /** One datagram to a Unix socket, in the file system or (`@name`) abstract: what sd_notify(3) does. */
  sendDatagram(path: string, bytes: Uint8Array<ArrayBuffer>): void;

  /** Microseconds of `CLOCK_MONOTONIC`, a clock that all processes share. */
  monotonicMicroseconds(): bigint;

  /** Starts a program by posix_spawn: signals and mask reset, nothing inherited but what is named. Returns its pid. */
  spawn(request: SpawnRequest): number;
  /** How a child ended, reaping it; undefined while it runs. */
  reap(pid: number): Exit | undefined;
  /**
   * Reaps orphans of PID 1: children that are not ours, and that nobody has reaped since the call before this one, as the
   * runtime does with those of `Deno.Command`. So it takes two calls, some turns of the event loop apart. One of ours that
   * has ended and is not reaped yet may hide those that ended after it. Returns the pids.
   */
  reapOrphans(isOurs: (pid: number) => boolean): readonly number[];
  /** A descriptor of a process (pidfd_open); undefined when there is no such process. */
  pidfd(pid: number): number | undefined;
  /** Sends a signal by number: false when there is no such process. */
  kill(pid: number, signal: number): boolean;
  /** The same by pidfd: never another process that has got the same number. */
  killPidfd(pidfd: number, signal: number): boolean;
  /** Raises the soft limit of open descriptors to the hard one. */
  raiseDescriptorLimit(): void;
}
