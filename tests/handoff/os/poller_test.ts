import { assertEquals, assertRejects } from "@std/assert";
import { DESCRIPTOR_CALLS } from "../../../ffi/descriptor.ts";
import { SyscallError } from "../../../ffi/errors.ts";
import { openSymbols } from "../../../ffi/libc.ts";
import { POLL_CALLS, type PollCalls } from "../../../ffi/poll.ts";
import { Poller } from "../../../handoff/poller.ts";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { assertLeavesNoDescriptor } from "../../support/descriptor_leaks.ts";
import { inTime, until } from "../../support/patience.ts";
import { bytesOf, OpenedOs } from "./linux.ts";

const LINUX = { needs: ["linux"] } as const;

claim("readable is true when something comes, and when the other end is closed", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [a, b] = opened.pair();
  const first = os.readable(b);
  os.send(a, bytesOf("x"));
  assertEquals(await first, true);
  os.receive(b, new Uint8Array(1));
  const second = os.readable(b);
  opened.close(a);
  assertEquals(await second, true);
}, LINUX);

claim("readable is true for a number that is not open: the next read says so", async () => {
  using opened = new OpenedOs();
  assertEquals(await opened.os.readable(100_000), true);
}, LINUX);

claim("a wait that begins during a poll interrupts it, and is served while the others go on waiting", async () => {
  using opened = new OpenedOs();
  using test = new TestPoller();
  const [, silent] = opened.pair();
  const [, b] = opened.pair();
  const abort = new AbortController();
  const waiting = test.poller.readable(silent, { signal: abort.signal });
  await test.underWay();
  assertEquals(await inTime(test.poller.writable(b)), true);
  abort.abort();
  await assertRejects(() => waiting);
}, LINUX);

claim("reading and writing of one descriptor are waited for apart", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [a, b] = opened.pair();
  const readable = os.readable(b);
  assertEquals(await os.writable(b), true);
  os.send(a, bytesOf("x"));
  assertEquals(await readable, true);
}, LINUX);

claim("a wait whose time is up is false", async () => {
  using opened = new OpenedOs();
  const [, b] = opened.pair();
  assertEquals(await opened.os.readable(b, { timeout: 1 }), false);
}, LINUX);

claim("a wait whose time is up while the event loop was held up is true where something had come", async () => {
  using poller = new TestPoller({ deaf: true });
  using opened = new OpenedOs();
  const [a, b] = opened.pair();
  opened.os.send(a, bytesOf("x"));
  assertEquals(await poller.poller.readable(b, { timeout: 1 }), true);
}, LINUX);

claim("a wait that is aborted during a poll rejects with the reason, when the poll has returned", async () => {
  using opened = new OpenedOs();
  using test = new TestPoller();
  const [, b] = opened.pair();
  const abort = new AbortController();
  const waiting = test.poller.readable(b, { signal: abort.signal });
  await test.underWay();
  const reason = new Error("changed our minds");
  abort.abort(reason);
  assertEquals([await assertRejects(() => waiting), test.pending], [reason, 0]);
}, LINUX);

claim("a wait that was aborted before it began rejects with the reason, and polls nothing", async () => {
  using opened = new OpenedOs();
  using test = new TestPoller();
  const [, b] = opened.pair();
  const reason = new Error("changed our minds");
  const signal = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => test.poller.readable(b, { signal })), reason);
  assertEquals(test.polls, 0);
}, LINUX);

claim("1,000 descriptors are waited for at once, by one poll at a time", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  os.raiseDescriptorLimit();
  using counting = new TestPoller();
  const [a, b] = opened.pair();
  const copies = Array.from({ length: 1_000 }, () => opened.own(os.duplicate(b)));
  const waits = copies.map((fd) => counting.poller.readable(fd));
  await counting.underWay();
  os.send(a, bytesOf("x"));
  assertEquals(await Promise.all(waits), copies.map(() => true));
  assertEquals(counting.most, 1);
}, LINUX);

claim("while nobody waits no poll is under way, and waits that begin together share one", async () => {
  using opened = new OpenedOs();
  using counting = new TestPoller();
  const [a, b] = opened.pair();
  assertEquals(counting.polls, 0);
  await Promise.all([a, b, a, b].map((fd) => counting.poller.writable(fd)));
  assertEquals([counting.polls, counting.pending], [1, 0]);
}, LINUX);

claim("a wake-up that is lost delays a wait, and does not hang it", async () => {
  using opened = new OpenedOs();
  using mute = new TestPoller({ mute: true });
  const [, silent] = opened.pair();
  const [, b] = opened.pair();
  const abort = new AbortController();
  const first = mute.poller.readable(silent, { signal: abort.signal });
  await mute.underWay();
  assertEquals(await mute.poller.writable(b), true);
  await mute.underWay();
  abort.abort();
  await assertRejects(() => first);
}, LINUX);

claim("closing a descriptor that is waited for rejects the wait with EBADF", async () => {
  using opened = new OpenedOs();
  const { os } = opened;
  const [a, b] = opened.pair();
  const waiting = assertRejects(() => os.readable(b), SyscallError);
  await os.writable(a);
  opened.close(b);
  assertEquals((await waiting).code, "EBADF");
}, LINUX);

claim("disposing of the poller during a poll rejects the waits, and leaves no descriptor open", async () => {
  using opened = new OpenedOs();
  const [, b] = opened.pair();
  await assertLeavesNoDescriptor(async () => {
    const test = new TestPoller();
    const waiting = test.poller.readable(b);
    await test.underWay();
    test.poller[Symbol.dispose]();
    assertEquals((await assertRejects(() => waiting, DOMException)).name, "AbortError");
    await assertRejects(() => test.poller.readable(b), DOMException, "disposed of");
    await test.closed;
  });
}, LINUX);

claim("a poll that fails rejects every wait with what the kernel says, and the next wait is served", async () => {
  using opened = new OpenedOs();
  using failing = new TestPoller();
  const [a, b] = opened.pair();
  failing.refusals = 1;
  const waits = await Promise.allSettled([failing.poller.readable(a), failing.poller.writable(b)]);
  for (const wait of waits) {
    assertEquals(wait.status === "rejected" && wait.reason instanceof SyscallError && wait.reason.code, "ENOMEM");
  }
  assertEquals(await failing.poller.writable(b), true);
}, LINUX);

claim("a poll that a signal interrupts is made again", async () => {
  using opened = new OpenedOs();
  using interrupted = new TestPoller();
  const [a] = opened.pair();
  interrupted.interruptions = 3;
  assertEquals(await interrupted.poller.writable(a), true);
  assertEquals(interrupted.polls, 4);
}, LINUX);

claim("a process ends by itself when it waits for nothing any more, without disposing of anything", async () => {
  await using idle = new Child("../handoff/os/programs/idle.ts");
  assertEquals((await idle.next()).event, "waited");
  assertEquals((await idle.status).code, 0);
}, LINUX);

const ENOMEM = 12;
const EINTR = 4;

const FOR_EVER = -1;

/** The same limit for tests, which have less time; none stays none. */
function shorter(timeout: number): number {
  return timeout < 0 ? timeout : timeout / 250;
}

/** A poller over the real calls, which counts them and lets some of them fail. */
class TestPoller implements Disposable {
  polls = 0;
  pending = 0;
  /** The most polls that were under way at a time. */
  most = 0;
  /** How many of the next polls fail, or are interrupted. */
  refusals = 0;
  interruptions = 0;
  readonly poller: Poller;
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when the calls are closed. */
  readonly closed: Promise<void> = this.#closed.promise;

  /** Polls have no limit, so that a wake-up counts. `mute`: they have one, and the eventfd is never written. `deaf`: polls see nothing but the eventfd. */
  constructor({ mute = false, deaf = false } = {}) {
    const calls = openSymbols({ ...POLL_CALLS, close: DESCRIPTOR_CALLS.close });
    const counted: PollCalls & Disposable = {
      ...calls,
      pollLater: async (fds, count, timeout) => {
        this.polls++;
        this.most = Math.max(this.most, ++this.pending);
        try {
          if (this.refusals > 0 || this.interruptions > 0) return -1;
          return await calls.pollLater(fds, deaf ? 1 : count, mute ? shorter(timeout) : FOR_EVER);
        } finally {
          this.pending--;
        }
      },
      pollNow: (fds, count, timeout) => {
        if (this.refusals-- > 0) return -ENOMEM;
        if (this.interruptions-- > 0) return -EINTR;
        return calls.pollNow(fds, count, timeout);
      },
      eventfdWrite: (fd, value) => mute ? 0 : calls.eventfdWrite(fd, value),
      [Symbol.dispose]: () => {
        calls[Symbol.dispose]();
        this.#closed.resolve();
      },
    };
    this.poller = new Poller(counted);
  }

  /** Resolves during a poll. */
  async underWay(): Promise<void> {
    await until(() => this.pending > 0, "a poll is under way");
  }

  [Symbol.dispose](): void {
    this.poller[Symbol.dispose]();
  }
}
