import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import { LineReader } from "../../../handoff/protocol/lines.ts";
import { claim } from "../../support/claim.ts";
import { inChunks } from "./arbitraries.ts";
import { outcomeOf, readAll } from "./outcome.ts";

const MAX = 64;
const text = fc.string({ unit: "binary", maxLength: 15 }).map((line) => line.replaceAll("\n", ""));

claim(
  "any lines are the same after they went through a stream in any chunks, the last one with or without newline",
  () => {
    const sent = fc.array(text, { minLength: 1 }).chain((lines) =>
      fc.tuple(fc.constant(lines), inChunks(bytesOf(lines.join("\n"))))
    );
    fc.assert(fc.property(sent, ([lines, chunks]) => {
      const reader = new LineReader(MAX);
      const read = readAll(reader, chunks);
      assertEquals([...read, reader.finish() ?? ""], lines);
      assertEquals(reader.pendingBytes, 0);
    }));
  },
);

claim("any stream of bytes gives lines or one ProtocolError", () => {
  const streams = fc.uint8Array({ maxLength: 3 * MAX }).chain(inChunks);
  fc.assert(fc.property(streams, (chunks) => {
    const outcome = outcomeOf(() => {
      const reader = new LineReader(MAX);
      return [readAll(reader, chunks), reader.finish()];
    });
    return "value" in outcome || outcome.code === "codec" || outcome.code === "frame-too-large";
  }));
});

claim("the longest line is read, its newline counted", () => {
  assertEquals(readAll(new LineReader(MAX), [bytesOf("x".repeat(MAX - 1) + "\n")]), ["x".repeat(MAX - 1)]);
});

claim("a longer line is refused as soon as that is known, and so is all that follows", () => {
  const reader = new LineReader(MAX);
  reader.push(bytesOf("x".repeat(MAX - 1)));
  assertEquals(reader.next(), undefined);
  reader.push(bytesOf("x"));
  const error = assertThrows(() => reader.next(), ProtocolError);
  assertEquals(error.code, "frame-too-large");
  reader.push(bytesOf("\nline\n"));
  assertStrictEquals(assertThrows(() => reader.next()), error);
  assertStrictEquals(assertThrows(() => reader.finish()), error);
});

claim("lines before one that is too long are read", () => {
  const reader = new LineReader(MAX);
  reader.push(bytesOf(`first\n${"x".repeat(MAX)}\n`));
  assertEquals(reader.next(), "first");
  assertThrows(() => reader.next(), ProtocolError);
});

claim("a line that is not UTF-8 is a ProtocolError", () => {
  const reader = new LineReader(MAX);
  reader.push(Uint8Array.of(0xff, 0x0a));
  assertEquals(assertThrows(() => reader.next(), ProtocolError).code, "codec");
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
