import type { Calls, CallTable } from "./calls.ts";
import type { DescriptorCalls } from "./descriptor.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { bytes, viewOf } from "./memory.ts";
import { checked } from "./uninterrupted.ts";

/** Calls that wait for descriptors. */
export const POLL_CALLS = {
  pollNow: { name: "poll", parameters: [/* fds */ "buffer", /* nfds */ "word", /* timeout */ "int"] },
  pollLater: {
    name: "poll",
    parameters: [/* fds */ "buffer", /* nfds */ "word", /* timeout */ "int"],
    nonblocking: true,
  },
  eventfd: { parameters: [/* initval */ "int", /* flags */ "int"] },
  eventfdRead: { name: "eventfd_read", parameters: [/* fd */ "int", /* value */ "buffer"] },
  eventfdWrite: { name: "eventfd_write", parameters: [/* fd */ "int", /* value */ "word"] },
} as const satisfies CallTable;

/** What waiting needs of the C library. */
export type PollCalls = Calls<typeof POLL_CALLS> & Pick<DescriptorCalls, "close">;

const POLLFD = OFFSET["struct pollfd"];

/** The `struct pollfd[]` of one poll(2): what is asked of each descriptor, and what the kernel answered. */
export class PollSet {
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #length: number;

  /** A set of descriptors, each with the events to wait for. */
  constructor(wanted: readonly (readonly [fd: number, events: number])[]) {
    this.#memory = bytes(SIZE["struct pollfd"] * wanted.length);
    this.#view = viewOf(this.#memory);
    this.#length = wanted.length;
    wanted.forEach(([fd, events], i) => {
      this.#view.setInt32(SIZE["struct pollfd"] * i + POLLFD.fd, fd, true);
      this.#view.setInt16(SIZE["struct pollfd"] * i + POLLFD.events, events, true);
    });
  }

  /** Waits on another thread for one of them, at most `ms`. */
  async wait(calls: Pick<PollCalls, "pollLater" | "pollNow">, ms: number): Promise<void> {
    const count = await calls.pollLater(this.#memory, this.#length, ms);
    if (count < 0) this.look(calls);
  }

  /** The state of each at this moment. Throws `SyscallError` where the kernel does not say; an interruption says nothing. */
  look(calls: Pick<PollCalls, "pollNow">): void {
    const count = calls.pollNow(this.#memory, this.#length, 0);
    if (count !== -C.EINTR) checked(count, { syscall: "poll", doing: "wait for descriptors" });
  }

  /** The events of descriptor number `i` of the set, errors and hang-ups included. */
  events(i: number): number {
    return this.#view.getInt16(SIZE["struct pollfd"] * i + POLLFD.revents, true);
  }
}

/** An eventfd: something to poll for that this thread can bring about. */
export class Alarm implements Disposable {
  readonly #calls: PollCalls;
  /** What to poll. */
  readonly fd: number;

  /** One that is not ringing. */
  constructor(calls: PollCalls) {
    this.#calls = calls;
    this.fd = checked(calls.eventfd(0, C.EFD_CLOEXEC | C.EFD_NONBLOCK), {
      syscall: "eventfd",
      doing: "open an eventfd",
    });
  }

  /** Ends every poll of it. */
  ring(): void {
    this.#calls.eventfdWrite(this.fd, 1);
  }

  /** Until it rings again. */
  silence(): void {
    this.#calls.eventfdRead(this.fd, bytes(8));
  }

  [Symbol.dispose](): void {
    this.#calls.close(this.fd);
  }
}
