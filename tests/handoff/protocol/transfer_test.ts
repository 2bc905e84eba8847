import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import {
  decodeTransferReply,
  decodeTransferRequest,
  encodeTransfer,
  HEADER_BYTES,
  MAX_TRANSFER_BYTES,
  TransferReader,
  type TransferReply,
  type TransferRequest,
} from "../../../handoff/protocol/transfer.ts";
import { claim } from "../../support/claim.ts";
import { bytesNear, inChunks, junk, transferReplies, transferRequests } from "./arbitraries.ts";
import { joined, outcomeOf, readAll } from "./outcome.ts";

claim("any request is the same after it was encoded and decoded", () => {
  fc.assert(fc.property(transferRequests, (request) => {
    assertEquals(decodeTransferRequest(bodyOf(request)), request);
  }));
});

claim("any reply is the same after it was encoded and decoded", () => {
  fc.assert(fc.property(transferReplies, (reply) => assertEquals(decodeTransferReply(bodyOf(reply)), reply)));
});

claim("a message is its length as a little-endian u32, and JSON that says its version", () => {
  const bytes = encodeTransfer({ verb: "listeners" });
  assertEquals(bytes.subarray(0, HEADER_BYTES), Uint8Array.of(26, 0, 0, 0));
  assertEquals(new TextDecoder().decode(bytes.subarray(HEADER_BYTES)), '{"v":1,"verb":"listeners"}');
});

claim("any stream of bytes gives messages, then more to wait for or one ProtocolError", () => {
  const streams = bytesNear(fc.oneof(transferRequests, transferReplies).map(encodeTransfer)).chain(inChunks);
  fc.assert(
    fc.property(streams, fc.constantFrom(decodeTransferRequest, decodeTransferReply), (chunks, decode) => {
      const outcome = outcomeOf(() => readAll(new TransferReader<TransferRequest | TransferReply>(decode), chunks));
      if ("code" in outcome) assert(["codec", "frame-malformed", "frame-too-large"].includes(outcome.code));
    }),
    { numRuns: 2000 },
  );
});

claim("any JSON gives a message or a ProtocolError of the code codec", () => {
  const objects = fc.record({
    v: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, junk),
    verb: fc.constantFrom(
      "lock",
      "serving",
      "connections",
      "listeners",
      "watch",
      "force",
      "report",
      "stopping",
      "unsupported",
    ),
    ok: fc.oneof(fc.boolean(), junk),
    ...Object.fromEntries(FIELD_NAMES.map((name) => [name, junk])),
  }, { requiredKeys: ["v", "verb"] });
  fc.assert(
    fc.property(fc.oneof(junk, objects), (value) => {
      for (const decode of [decodeTransferRequest, decodeTransferReply]) {
        const outcome = outcomeOf(() => decode(jsonBytes(value)));
        if ("code" in outcome) assertEquals(outcome.code, "codec");
      }
    }),
    { numRuns: 2000 },
  );
});

claim("a reader that is given no more than it needs never reads into the next message", () => {
  fc.assert(fc.property(fc.array(transferRequests), (requests) => {
    const encoded = requests.map(encodeTransfer);
    const stream = joined(encoded);
    const reader = new TransferReader(decodeTransferRequest);
    let read = 0;
    for (const [index, bytes] of encoded.entries()) {
      const end = read + bytes.length;
      assertEquals(reader.needed(), HEADER_BYTES);
      for (let needed = reader.needed(); needed > 0; needed = reader.needed()) {
        reader.push(stream.subarray(read, read += needed));
      }
      assertEquals(read, end);
      assertEquals(reader.next(), requests[index]);
    }
  }));
});

claim("messages that are split at any byte are read as they were sent", () => {
  const sent = fc.array(transferReplies, { maxLength: 5 }).chain((replies) =>
    fc.tuple(fc.constant(replies), inChunks(joined(replies.map(encodeTransfer))))
  );
  fc.assert(fc.property(sent, ([replies, chunks]) => {
    const reader = new TransferReader(decodeTransferReply);
    assertEquals(readAll(reader, chunks), replies);
    assertEquals(reader.pendingBytes, 0);
  }));
});

claim("what is missing of a message is told byte by byte", () => {
  const bytes = encodeTransfer({ verb: "watch" });
  const reader = new TransferReader(decodeTransferRequest);
  for (let length = 0; length < bytes.length; length++) {
    const end = length < HEADER_BYTES ? HEADER_BYTES : bytes.length;
    assertEquals(reader.needed(), end - length);
    assertEquals(reader.next(), undefined);
    reader.push(bytes.subarray(length, length + 1));
  }
  assertEquals(reader.needed(), 0);
  assertEquals(reader.next(), { verb: "watch" });
});

for (const verb of ["teleport", "", "toString", "__proto__", "constructor"]) {
  claim(`the unknown verb ${JSON.stringify(verb)} is unsupported, and no error`, () => {
    assertEquals(decodeTransferRequest(jsonBytes({ v: 1, verb })), { verb: "unsupported", of: verb });
    assertEquals(decodeTransferReply(jsonBytes({ v: 1, verb })), { verb: "unsupported", of: verb });
  });
}

for (const v of [0, 2, "1", null, undefined]) {
  claim(`a message of the version ${JSON.stringify(v)} is unsupported, whatever its fields are`, () => {
    assertEquals(decodeTransferRequest(jsonBytes({ v, verb: "lock" })), { verb: "unsupported", of: "lock" });
  });
}

claim("what is read of an unsupported message is the answer to it", () => {
  const answer = encodeTransfer(decodeTransferRequest(jsonBytes({ v: 2, verb: "lock", lease: true })));
  const reader = new TransferReader(decodeTransferReply);
  assertEquals(readAll(reader, [answer]), [{ verb: "unsupported", of: "lock" }]);
});

claim("a request is no reply, nor a reply a request", () => {
  assertThrows(() => decodeTransferReply(bodyOf({ verb: "connections", names: [], max: 1 })), ProtocolError);
  assertThrows(() => decodeTransferRequest(bodyOf({ verb: "lock", ok: true })), ProtocolError);
});

claim("fields that are not known are left out", () => {
  const body = jsonBytes({ v: 1, verb: "lock", handoffId: "id", lease: 1, __proto: 2 });
  assertEquals(decodeTransferRequest(body), { verb: "lock", handoffId: "id" });
});

claim("a kind of connection that is not known here is told, not refused", () => {
  const reply: TransferReply = {
    verb: "connections",
    items: [{ id: 1, listener: "http", kind: "quic" }],
    done: true,
    descriptors: 1,
  };
  assertEquals(decodeTransferReply(bodyOf(reply)), reply);
});

const MALFORMED: Readonly<Record<string, [unknown, string]>> = {
  "no object": [[1], "a transfer message: it must be an object"],
  "a verb that is a number": [{ v: 1, verb: 7 }, "the verb: it must be a string"],
  "a lock that is not for a handoff": [{ v: 1, verb: "lock" }, "lock.handoffId: it must be a string"],
  "a name that is a number": [
    { v: 1, verb: "connections", names: ["a", 7], max: 1 },
    "connections.names[1]: it must be",
  ],
  "a maximum of -1": [{ v: 1, verb: "connections", names: [], max: -1 }, "connections.max: it must be at least 0"],
  "a maximum with a fraction": [{ v: 1, verb: "connections", names: [], max: 0.5 }, "max: it must be an integer"],
};

for (const [what, [message, complaint]] of Object.entries(MALFORMED)) {
  claim(`${what} is a ProtocolError that names the place`, () => {
    assertThrows(() => decodeTransferRequest(jsonBytes(message)), ProtocolError, complaint);
  });
}

claim("a body that is not UTF-8 is a ProtocolError", () => {
  assertThrows(() => decodeTransferRequest(Uint8Array.of(0x22, 0xff, 0x22)), ProtocolError, "not UTF-8");
});

claim("JSON as deep as a message can be is a ProtocolError, not an exhausted stack", () => {
  const deep = new TextEncoder().encode("[".repeat(MAX_TRANSFER_BYTES / 2) + "]".repeat(MAX_TRANSFER_BYTES / 2));
  assertEquals(outcomeOf(() => decodeTransferRequest(deep)), { code: "codec" });
});

claim("a message of 64 KiB is written and read, one of a byte more is not written", () => {
  const empty = bodyOf({ verb: "lock", ok: false, reason: "" }).length;
  const refused = (length: number): TransferReply => ({ verb: "lock", ok: false, reason: "x".repeat(length - empty) });
  const largest = refused(MAX_TRANSFER_BYTES);
  assertEquals(readAll(new TransferReader(decodeTransferReply), [encodeTransfer(largest)]), [largest]);
  const error = assertThrows(() => encodeTransfer(refused(MAX_TRANSFER_BYTES + 1)), ProtocolError, "65537 bytes");
  assertEquals(error.code, "frame-too-large");
});

for (const [code, header] of Object.entries({ "frame-too-large": [1, 0, 1, 0], "frame-malformed": [0, 0, 0, 0] })) {
  claim(`a length of ${header} is ${code} as soon as it is there, and ever after`, () => {
    const reader = new TransferReader(decodeTransferRequest);
    reader.push(Uint8Array.from(header));
    const error = assertThrows(() => reader.needed(), ProtocolError);
    assertEquals(error.code, code);
    reader.push(encodeTransfer({ verb: "watch" }));
    assertStrictEquals(assertThrows(() => reader.next()), error);
    assertEquals(reader.pendingBytes, 0);
  });
}

const FIELD_NAMES = [
  ...["handoffId", "reason", "pid", "names", "max", "adopted", "items", "done", "descriptors", "buildId", "dataDir"],
  ...["code", "of"],
];

function bodyOf(message: TransferRequest | TransferReply): Uint8Array {
  return encodeTransfer(message).subarray(HEADER_BYTES);
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
