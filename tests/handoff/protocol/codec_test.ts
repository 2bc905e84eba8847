import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeMessage, encodeMessage } from "../../../handoff/protocol/codec.ts";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import type { Hello, Message } from "../../../handoff/protocol/messages.ts";
import { claim } from "../../support/claim.ts";
import { bytesNear, messages } from "./arbitraries.ts";
import { outcomeOf } from "./outcome.ts";
import { recordedFrames } from "./recorded.ts";

const HEADER_BYTES = 6;
const handoffId = "00112233-4455-4677-8899-aabbccddeeff";

/** Enough for each message to come some hundred times, in under a second. */
const MANY = { numRuns: 2000 };

const HELLO: Hello = {
  type: "Hello",
  role: "incumbent",
  pid: 1234,
  buildId: new Uint8Array(0),
  protoMin: 1,
  protoMax: 2,
  capabilities: 3n,
};

claim("the recorded frames hold each of the fourteen messages", () => {
  assertEquals(recordedFrames.length, 21);
  assertEquals(new Set(recordedFrames.map(({ message }) => message.type)).size, 14);
});

for (const [index, { frame, message }] of recordedFrames.entries()) {
  claim(`the crate's ${message.type} (vector ${index + 1}) decodes to what it means`, () => {
    assertEquals(decodeMessage(frame.subarray(HEADER_BYTES)), message);
  });

  claim(`what the crate's ${message.type} (vector ${index + 1}) means encodes to the crate's bytes`, () => {
    assertEquals(encodeMessage(message), frame.subarray(HEADER_BYTES));
  });
}

claim("any message is the same after it was encoded and decoded", () => {
  fc.assert(fc.property(messages, (message) => assertEquals(decodeMessage(encodeMessage(message)), message)), MANY);
});

claim("any bytes give a message or a ProtocolError of the code codec", () => {
  fc.assert(
    fc.property(bytesNear(messages.map(encodeMessage)), (bytes) => {
      const outcome = outcomeOf(() => decodeMessage(bytes));
      if ("code" in outcome) assertEquals(outcome.code, "codec");
      else assertEquals(decodeMessage(encodeMessage(outcome.value)), outcome.value);
    }),
    MANY,
  );
});

claim("a message that is cut short anywhere is a ProtocolError", () => {
  for (const { frame } of recordedFrames) {
    const payload = frame.subarray(HEADER_BYTES);
    for (let length = 0; length < payload.length; length++) {
      assertEquals(outcomeOf(() => decodeMessage(payload.subarray(0, length))), { code: "codec" });
    }
  }
});

claim("a decoded message has no more bytes and items than the payload that it came in", () => {
  fc.assert(
    fc.property(bytesNear(messages.map(encodeMessage)), (bytes) => {
      const outcome = outcomeOf(() => decodeMessage(bytes));
      return "code" in outcome || weight(outcome.value) <= bytes.length;
    }),
    MANY,
  );
});

for (const announced of ["ffffffff0f", "80808080808001", "ffffffffffffffffff01"]) {
  for (const [what, before] of Object.entries({ string: "0b", list: "09" })) {
    claim(`a ${what} that announces a length of ${announced} is refused, and nothing is allocated for it`, () => {
      const payload = Uint8Array.fromHex(`${before}10${handoffId.replaceAll("-", "")}${announced}00`);
      assertEquals(outcomeOf(() => decodeMessage(payload)), { code: "codec" });
    });
  }
}

claim("a decoded message keeps its bytes when the buffer that it was read from is used again", () => {
  const buffer = encodeMessage({ ...HELLO, buildId: Uint8Array.of(1, 2, 3) });
  const hello = decodeMessage(buffer);
  buffer.fill(0xff);
  assertEquals(hello, { ...HELLO, buildId: Uint8Array.of(1, 2, 3) });
});

claim("a byte order mark at the start of a string is a part of it", () => {
  const abort: Message = { type: "Abort", handoffId, reason: "\ufefftext" };
  assertEquals(decodeMessage(encodeMessage(abort)), abort);
});

claim("a lone surrogate, which UTF-8 cannot say, does not keep an Abort from being sent", () => {
  const sent = encodeMessage({ type: "Abort", handoffId, reason: "half \ud800" });
  assertEquals(decodeMessage(sent), { type: "Abort", handoffId, reason: "half \ufffd" });
});

claim("a field that comes in another order is written at its own place", () => {
  const { type, ...fields } = HELLO;
  const reversed = Object.fromEntries(Object.entries(fields).reverse()) as unknown as typeof fields;
  assertEquals(encodeMessage({ type, ...reversed }), encodeMessage(HELLO));
});

const UNENCODABLE: Readonly<Record<string, [message: Message, complaint: string]>> = {
  "a negative pid": [{ ...HELLO, pid: -1 }, "-1: not an unsigned number of 32 bits"],
  "a pid of 33 bits": [{ ...HELLO, pid: 2 ** 32 }, "4294967296: not an unsigned number of 32 bits"],
  "a pid with a fraction": [{ ...HELLO, pid: 1.5 }, "1.5: not an integer"],
  "a pid that is not a number": [{ ...HELLO, pid: NaN }, "NaN: not an integer"],
  "an oldest version of 17 bits": [{ ...HELLO, protoMin: 65536 }, "65536: not an unsigned number of 16 bits"],
  "a newest version of 17 bits": [{ ...HELLO, protoMax: 65536 }, "65536: not an unsigned number of 16 bits"],
  "a chosen version of 17 bits": [{ type: "HelloAck", protoVersionChosen: 65536, handoffId }, "number of 16 bits"],
  "capabilities of 65 bits": [{ ...HELLO, capabilities: 2n ** 64n }, "not an unsigned number of 64 bits"],
  "a negative time": [{ type: "Heartbeat", tsMs: -1n }, "-1: not an unsigned number of 64 bits"],
  "a role that there is not": [{ ...HELLO, role: "observer" as "incumbent" }, '"observer": not a role'],
  "a type that there is not": [{ type: "Goodbye" } as unknown as Message, '"Goodbye": not a message'],
  "a UUID in upper case": [{ type: "Begin", handoffId: handoffId.toUpperCase() }, "not a UUID"],
  "a UUID without its dashes": [{ type: "Begin", handoffId: handoffId.replaceAll("-", "") }, "not a UUID"],
  "a fingerprint of 31 bytes": [
    { type: "SealComplete", handoffId, lastRevisionPerShard: [], dataDirFingerprint: new Uint8Array(31) },
    "31 bytes where 32 must be",
  ],
};

for (const [what, [message, complaint]] of Object.entries(UNENCODABLE)) {
  claim(`${what} cannot be encoded, and the error says so`, () => {
    const error = assertThrows(() => encodeMessage(message), ProtocolError, complaint);
    assertEquals(error.code, "codec");
  });
}

const LONGER_THAN_ANY: Readonly<Record<string, string>> = {
  "a u16 of 4 bytes": `01${"80".repeat(3)}0010${handoffId.replaceAll("-", "")}`,
  "a u32 of 6 bytes": `03${"80".repeat(5)}0001`,
  "a u64 of 11 bytes": `0d${"80".repeat(10)}00`,
};

for (const [what, payload] of Object.entries(LONGER_THAN_ANY)) {
  claim(`${what} is refused, though it would be 0`, () => {
    assertThrows(() => decodeMessage(Uint8Array.fromHex(payload)), ProtocolError, "a number does not fit");
  });
}

/** How many bytes and items `message` has, without what is longer here than on the wire. */
function weight(message: Message): number {
  const fields = Object.entries(message).filter(([name]) => !["type", "role", "handoffId"].includes(name));
  return fields.flatMap(([, value]) => value).reduce((sum, value) => sum + bytesOf(value), 0);
}

function bytesOf(value: unknown): number {
  if (typeof value === "string") return new TextEncoder().encode(value).length;
  return value instanceof Uint8Array ? value.length : 1;
}
