import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from "../../../handoff/protocol/frames.ts";
import type { Message } from "../../../handoff/protocol/messages.ts";
import { claim } from "../../support/claim.ts";
import { bytesNear, inChunks, messages } from "./arbitraries.ts";
import { joined, outcomeOf, readAll } from "./outcome.ts";
import { recordedFrames, recordedVerdicts } from "./recorded.ts";

for (const [index, { frame, message }] of recordedFrames.entries()) {
  claim(`the frame of a ${message.type} (vector ${index + 1}) is the crate's, byte for byte`, () => {
    assertEquals(encodeFrame(message), frame);
  });
}

claim("the crate's verdicts are there", () => assertEquals(recordedVerdicts.length, 24));

const CODE_OF_KIND: Readonly<Record<string, string>> = {
  "codec": "codec",
  "frame malformed": "frame-malformed",
  "frame too large": "frame-too-large",
  "io": "frame-truncated",
};

for (const { name, frame, message, errorKind } of recordedVerdicts) {
  const verdict = message === undefined ? { code: CODE_OF_KIND[errorKind!] } : { value: message };
  claim(`the reader judges as the crate does: ${name}`, () => {
    const outcome = outcomeOf(() => {
      const reader = new FrameReader();
      reader.push(frame);
      return reader.next() ?? reader.finish();
    });
    assertEquals(outcome as unknown, verdict);
  });
}

claim("a frame that is split at any byte is read as the whole frame is", () => {
  for (const { frame, message } of recordedFrames) {
    for (let at = 0; at <= frame.length; at++) {
      const read = readAll(new FrameReader(), [frame.subarray(0, at), frame.subarray(at)]);
      assertEquals(read, [message]);
    }
  }
});

claim("frames that arrive byte by byte are read as those that arrive at once", () => {
  const stream = joined(recordedFrames.map(({ frame }) => frame));
  const bytes = [...stream].map((byte) => Uint8Array.of(byte));
  assertEquals(readAll(new FrameReader(), bytes), recordedFrames.map(({ message }) => message));
});

claim("any messages are the same after they went through a stream in any chunks", () => {
  const sent = fc.array(messages, { maxLength: 8 }).chain((messages) =>
    fc.tuple(fc.constant(messages), inChunks(joined(messages.map((message) => encodeFrame(message)))))
  );
  fc.assert(fc.property(sent, ([messages, chunks]) => {
    const reader = new FrameReader();
    assertEquals(readAll(reader, chunks), messages);
    assertEquals(reader.pendingBytes, 0);
    reader.finish();
  }));
});

claim("any stream of bytes gives messages, then more to wait for or one ProtocolError", () => {
  const streams = bytesNear(messages.map((message) => encodeFrame(message))).chain(inChunks);
  fc.assert(
    fc.property(streams, (chunks) => {
      const reader = new FrameReader();
      const outcome = outcomeOf(() => readAll(reader, chunks));
      if ("code" in outcome) assert(["codec", "frame-malformed", "frame-too-large"].includes(outcome.code));
      else assert(reader.pendingBytes <= joined(chunks).length);
    }),
    { numRuns: 2000 },
  );
});

claim("a reader counts what it has of an unfinished frame, and calls its end there truncated", () => {
  const frame = encodeFrame(HEARTBEAT);
  const reader = new FrameReader();
  for (let length = 1; length < frame.length; length++) {
    reader.push(frame.subarray(length - 1, length));
    assertEquals(reader.next(), undefined);
    assertEquals(reader.pendingBytes, length);
    assertEquals(assertThrows(() => reader.finish(), ProtocolError).code, "frame-truncated");
  }
});

claim("a frame of 1 MiB is written and read", () => {
  const message = abortOf(MAX_FRAME_BYTES);
  const frame = encodeFrame(message);
  assertEquals(frame.length, 4 + MAX_FRAME_BYTES);
  assertEquals(readAll(new FrameReader(), [frame]), [message]);
});

claim("a frame of one byte more is not written", () => {
  const error = assertThrows(() => encodeFrame(abortOf(MAX_FRAME_BYTES + 1)), ProtocolError);
  assertEquals(error.code, "frame-too-large");
  assertEquals(error.message, "Cannot send a message of type Abort of 1048577 bytes: at most 1048576 are allowed");
});

claim("a length beyond 1 MiB is refused as soon as it is there, before any byte of the frame", () => {
  const reader = new FrameReader();
  reader.push(Uint8Array.of(0x01, 0x00, 0x10, 0x00));
  assertEquals(assertThrows(() => reader.next(), ProtocolError).code, "frame-too-large");
});

claim("after an error the reader throws that error again, and keeps nothing of what comes", () => {
  const reader = new FrameReader();
  reader.push(Uint8Array.of(0, 0, 0, 0));
  const error = assertThrows(() => reader.next());
  reader.push(encodeFrame(HEARTBEAT));
  assertStrictEquals(assertThrows(() => reader.next()), error);
  assertEquals(reader.pendingBytes, 0);
});

claim("messages before a broken frame are read", () => {
  const reader = new FrameReader();
  reader.push(joined([encodeFrame(HEARTBEAT), Uint8Array.of(0, 0, 0, 0)]));
  assertEquals(reader.next(), HEARTBEAT);
  assertThrows(() => reader.next(), ProtocolError);
});

claim("a reader keeps what it was given when the buffer that it came in is used again", () => {
  const reader = new FrameReader();
  const buffer = encodeFrame(HEARTBEAT);
  reader.push(buffer.subarray(0, 5));
  const rest = buffer.slice(5);
  buffer.fill(0xff);
  assertEquals(readAll(reader, [rest]), [HEARTBEAT]);
});

claim("a thousand readers that were told of 1 MiB each keep no more than what has arrived", () => {
  const before = Deno.memoryUsage().external;
  const readers = Array.from({ length: 1000 }, () => {
    const reader = new FrameReader();
    reader.push(Uint8Array.of(0x00, 0x00, 0x10, 0x00, 0x01));
    assertEquals(reader.next(), undefined);
    return reader;
  });
  assert(Deno.memoryUsage().external - before < 16 * MAX_FRAME_BYTES);
  assertEquals(readers.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0), 5000);
});

claim("a reader of a long stream keeps no more than its longest frame needs", () => {
  const reader = new FrameReader();
  const frame = encodeFrame(abortOf(1000));
  const before = Deno.memoryUsage().external;
  for (let sent = 0; sent < 64 * MAX_FRAME_BYTES; sent += frame.length) {
    reader.push(frame.subarray(0, 700));
    assertEquals(reader.next(), undefined);
    reader.push(frame.subarray(700));
    assert(reader.next() !== undefined);
  }
  assert(Deno.memoryUsage().external - before < 16 * MAX_FRAME_BYTES);
});

const HEARTBEAT: Message = { type: "Heartbeat", tsMs: 1700000000000n };

/** An Abort in a frame whose length field says `length`. */
function abortOf(length: number): Message {
  const abort = (reason: string): Message => ({
    type: "Abort",
    handoffId: "00112233-4455-4677-8899-aabbccddeeff",
    reason,
  });
  const guess = "x".repeat(length - 100);
  return abort(guess + "x".repeat(length + 4 - encodeFrame(abort(guess)).length));
}
