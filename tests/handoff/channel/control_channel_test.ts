import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ChannelClosedError, ChannelTimeoutError } from "../../../handoff/channel_errors.ts";
import { ControlChannel, type ReceiveOptions } from "../../../handoff/control_channel.ts";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import { encodeFrame, MAX_FRAME_BYTES } from "../../../handoff/protocol/frames.ts";
import type { Message } from "../../../handoff/protocol/messages.ts";
import { HandoffError } from "../../../lock/errors.ts";
import { claim } from "../../support/claim.ts";
import { eventually } from "../../support/patience.ts";
import { intercepted, Pair } from "./support.ts";

const LINUX = { needs: ["linux"] } as const;
const ID = "00112233-4455-6677-8899-aabbccddeeff";
const BEGIN: Message = { type: "Begin", handoffId: ID };
const COMMIT: Message = { type: "Commit", handoffId: ID };

function beat(tsMs: number): Message {
  return { type: "Heartbeat", tsMs: BigInt(tsMs) };
}

claim("frames arrive whole and in order though the kernel takes three bytes of each at a time", async () => {
  using pair = new Pair();
  let calls = 0;
  using sender = new ControlChannel(
    intercepted(pair.os, { send: (fd, bytes) => ++calls % 2 ? 0 : pair.os.send(fd, bytes.slice(0, 3)) }),
    pair.fd,
  );
  using receiver = new ControlChannel(pair.os, pair.os.duplicate(pair.peer));
  await Promise.all([1, 2, 3].map((tsMs) => sender.send(beat(tsMs))));
  assertEquals([await receiver.receive(), await receiver.receive(), await receiver.receive()], [1, 2, 3].map(beat));
  assert(calls > 2 * 3, `the frames were sent in ${calls} calls`);
}, LINUX);

claim("a message of the longest frame passes, and one that is longer is refused with nothing sent", async () => {
  using pair = new Pair();
  using sender = new ControlChannel(pair.os, pair.fd);
  using receiver = new ControlChannel(pair.os, pair.os.duplicate(pair.peer));
  const reason = "x".repeat(MAX_FRAME_BYTES - 2 - 1 - 17 - 3);
  const longest: Message = { type: "Abort", handoffId: ID, reason };
  const [received] = await Promise.all([receiver.receive(), sender.send(longest)]);
  assertEquals(received, longest);
  await assertRejects(() => sender.send({ ...longest, reason: reason + "x" }), ProtocolError);
  await sender.send(BEGIN);
  assertEquals(await receiver.receive(), BEGIN);
}, LINUX);

claim("receive gives undefined when the peer has closed its end between two frames", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  pair.write(encodeFrame(BEGIN));
  pair.hangUp();
  assertEquals([await channel.receive(), await channel.receive()], [BEGIN, undefined]);
}, LINUX);

claim("a peer that goes away inside a frame is a ChannelClosedError", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  pair.write(encodeFrame(BEGIN).subarray(0, 9));
  pair.hangUp();
  await assertRejects(() => channel.receive(), ChannelClosedError, "after 9 bytes");
  assertEquals(channel.fd, -1);
}, LINUX);

const BROKEN: readonly [string, Uint8Array, string][] = [
  ["a length below that of any frame", new Uint8Array([1, 0, 0, 0, 9]), "frame-malformed"],
  ["a length above 1 MiB", new Uint8Array([1, 0, 16, 0]), "frame-too-large"],
  ["text", new TextEncoder().encode("GET / HTTP/1.1\r\n"), "frame-too-large"],
  ["a message with a number that none has", new Uint8Array([3, 0, 0, 0, 1, 0, 99]), "codec"],
];
for (const [what, bytes, code] of BROKEN) {
  claim(`a peer that sends ${what} is a ProtocolError, and its connection is closed at once`, async () => {
    using pair = new Pair();
    using channel = new ControlChannel(pair.os, pair.fd);
    pair.write(bytes);
    const error = await assertRejects(() => channel.receive(), ProtocolError);
    assertEquals([error.code, channel.fd], [code as typeof error.code, -1]);
    // Unread bytes make the end a reset.
    await eventually(() => assertEquals(endOf(pair), "closed"));
    assertEquals(await assertRejects(() => channel.receive()), error);
    assertEquals(await assertRejects(() => channel.send(BEGIN)), error);
  }, LINUX);
}

function endOf(pair: Pair): string {
  try {
    return pair.read() === "end" ? "closed" : "open";
  } catch {
    return "closed";
  }
}

const IMPATIENT: readonly [string, ReceiveOptions, number, string][] = [
  ["nothing", { silence: 30 }, 0, "silence"],
  ["nothing", { timeout: 600_000, silence: 30 }, 0, "silence"],
  ["nothing", { timeout: 30 }, 0, "timeout"],
  ["half a frame", { timeout: 60, silence: 1 }, 5, "timeout"],
  ["half a frame", { silence: 30 }, 5, "silence"],
];
for (const [sent, options, bytes, kind] of IMPATIENT) {
  claim(`with ${JSON.stringify(options)}, ${sent} ends in "${kind}", and the next call goes on there`, async () => {
    using pair = new Pair();
    using channel = new ControlChannel(pair.os, pair.fd);
    const frame = encodeFrame(BEGIN);
    pair.write(frame.subarray(0, bytes));
    const error = await assertRejects(() => channel.receive(options), ChannelTimeoutError);
    assertEquals(error.kind, kind as typeof error.kind);
    pair.write(frame.subarray(bytes));
    assertEquals(await channel.receive(), BEGIN);
  }, LINUX);
}

claim("each frame, heartbeats included, starts the silence anew", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  // The second message comes later than the silence that is allowed before each.
  let waits = 0;
  const patient = intercepted(pair.os, {
    readable: (_fd, options) => {
      waits++;
      assert((options?.timeout ?? 0) > 500_000, `only ${options?.timeout} ms were left`);
      pair.write(encodeFrame(beat(waits)));
      return Promise.resolve(true);
    },
  });
  using watched = new ControlChannel(patient, pair.os.duplicate(channel.fd));
  for (let i = 1; i <= 3; i++) assertEquals(await watched.receive({ silence: 1_000_000 }), beat(i));
  assertEquals(waits, 3);
}, LINUX);

claim(
  "a timeout of 0 rejects though a message is there, so that a peer that floods us meets its deadline",
  async () => {
    using pair = new Pair();
    using channel = new ControlChannel(pair.os, pair.fd);
    pair.write(encodeFrame(BEGIN));
    await assertRejects(() => channel.receive({ timeout: 0 }), ChannelTimeoutError);
    assertEquals(await channel.receive(), BEGIN);
  },
  LINUX,
);

claim("a loop over receive lets timers run though messages are always there", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  pair.write(new Uint8Array(Array.from({ length: 500 }, () => [...encodeFrame(beat(1))]).flat()));
  let fired = false;
  const timer = setTimeout(() => fired = true);
  let read = 0;
  while (!fired && read < 500) {
    await channel.receive();
    read++;
  }
  clearTimeout(timer);
  assert(read < 500, "the timer did not run before the last message");
}, LINUX);

claim("disposing of the channel closes its descriptor and ends pending waits", async () => {
  using pair = new Pair();
  const channel = new ControlChannel(pair.os, pair.fd);
  const received = channel.receive();
  channel[Symbol.dispose]();
  await assertRejects(() => received, ChannelClosedError);
  await assertRejects(() => channel.send(BEGIN), ChannelClosedError);
  // A child that is started by another test has a copy of each descriptor until its exec.
  await eventually(() => assertEquals(pair.read(), "end"));
}, LINUX);

claim("an aborted receive rejects with the signal's reason, and the next one has the message", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  const aborter = new AbortController();
  pair.write(encodeFrame(BEGIN).subarray(0, 7));
  const received = channel.receive({ signal: aborter.signal });
  aborter.abort(new RangeError("enough"));
  await assertRejects(() => received, RangeError, "enough");
  pair.write(encodeFrame(BEGIN).subarray(7));
  assertEquals(await channel.receive(), BEGIN);
}, LINUX);

claim("two calls of receive at once are refused, and the first has the message", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  const first = channel.receive();
  await assertRejects(() => channel.receive(), HandoffError, "another call");
  pair.write(encodeFrame(BEGIN));
  assertEquals(await first, BEGIN);
}, LINUX);

claim("sending to a peer that is gone is a ChannelClosedError with the system's as its cause", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  await pair.hungUp();
  const { cause } = await assertRejects(() => channel.send(BEGIN), ChannelClosedError);
  assertInstanceOf(cause, HandoffError);
  assertEquals((cause as HandoffError & { code: string }).code, "EPIPE");
  assertEquals(channel.fd, -1);
}, LINUX);

claim("a peer that does not take a frame in time is a ChannelTimeoutError, and its connection is closed", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd, { writeTimeout: 30 });
  const big: Message = { type: "Abort", handoffId: ID, reason: "x".repeat(1_000_000) };
  const late = await assertRejects(() => channel.send(big), ChannelTimeoutError);
  assertEquals([late.kind, channel.fd], ["write", -1]);
  assertEquals(await assertRejects(() => channel.send(COMMIT)), late);
}, LINUX);

claim("at most 64 messages wait for a slow peer", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(intercepted(pair.os, { send: () => 0 }), pair.fd);
  const waiting = Array.from({ length: 64 }, () => channel.send(BEGIN));
  await assertRejects(() => channel.send(COMMIT), HandoffError, "64 messages wait");
  channel[Symbol.dispose]();
  const outcomes = await Promise.allSettled(waiting);
  assertEquals(outcomes.filter(({ status }) => status === "fulfilled"), []);
}, LINUX);
