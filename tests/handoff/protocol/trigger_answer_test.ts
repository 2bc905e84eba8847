import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import {
  crateErrorLine,
  crateReplyLine,
  encodeTriggerEvent,
  LineReader,
  MAX_EVENT_BYTES,
  parseTriggerEvent,
} from "../../../handoff/protocol/trigger.ts";
import { claim } from "../../support/claim.ts";
import { junk, triggerEvents } from "./arbitraries.ts";
import { outcomeOf, readAll } from "./outcome.ts";

const handoffId = "00112233-4455-4677-8899-aabbccddeeff";

claim("any event is the same after it was written as a line and parsed", () => {
  fc.assert(fc.property(triggerEvents, (event) => {
    const lines = readAll(new LineReader(MAX_EVENT_BYTES), [encodeTriggerEvent(event)]);
    assertEquals(lines.map(parseTriggerEvent), [event]);
  }));
});

claim("any line gives an event, nothing or a ProtocolError of the code codec", () => {
  const json = fc.record({
    event: fc.constantFrom("phase-begun", "phase", "outcome", "status", "history", "unsupported", "progress"),
    ...Object.fromEntries(
      ["phase", "ms", "outcome", "phases", "status", "upgrades", "of"].map((name) => [name, junk]),
    ),
  }, { requiredKeys: ["event"] }).map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(json, junk.map((value) => JSON.stringify(value)), fc.string({ unit: "binary" })), (line) => {
      const outcome = outcomeOf(() => parseTriggerEvent(line));
      if ("code" in outcome) assertEquals(outcome.code, "codec");
    }),
    { numRuns: 2000 },
  );
});

claim("an event that is not known is nothing, since a newer supervisor may send it", () => {
  assertEquals(parseTriggerEvent('{"event":"progress","percent":50}'), undefined);
  assertEquals(parseTriggerEvent('{"event":"toString"}'), undefined);
});

claim("a field that is not known is left out of an event", () => {
  const event = parseTriggerEvent('{"event":"phase","phase":"seal","ms":1.5,"shards":3}');
  assertEquals(event, { event: "phase", phase: "seal", ms: 1.5 });
});

claim("an outcome that there is not is an error that lists those that there are", () => {
  const line = '{"event":"outcome","outcome":"maybe","phases":{}}';
  const complaint = 'outcome.outcome: it must be "committed" or "rolled-back" or "nothing-begun"';
  assertThrows(() => parseTriggerEvent(line), ProtocolError, complaint);
});

claim("a committed handoff is told as the crate tells it", () => {
  const line = crateReplyLine({ handoffId, committed: true });
  assertEquals(line, `ok: handoff_id=${handoffId} committed=true abort_reason=None\n`);
});

claim("an aborted handoff is told as the crate tells it, with the reason as Rust quotes it", () => {
  const line = crateReplyLine({ handoffId, committed: false, abortReason: 'seal failed: "/x\\y"\n\tgone\u{7}' });
  const reason = 'Some("seal failed: \\"/x\\\\y\\"\\n\\tgone\\u{7}")';
  assertEquals(line, `ok: handoff_id=${handoffId} committed=false abort_reason=${reason}\n`);
});

claim("whatever the reason is, the crate's reply is one line, and moves no terminal's cursor", () => {
  const strange = fc.string({ unit: fc.constantFrom("\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\u202e", "a", "é") });
  fc.assert(fc.property(strange, (reason) => {
    for (
      const line of [crateErrorLine(reason), crateReplyLine({ handoffId, committed: false, abortReason: reason })]
    ) {
      assertMatch(line, /^[\x20-\x7eé]*\n$/);
    }
  }));
});

claim("a printable reason is told as it is", () => {
  assertEquals(crateErrorLine("a handoff is already in progress: é"), "err: a handoff is already in progress: é\n");
});

claim("an event beyond 1 MiB is not written", () => {
  const status = { event: "unsupported", of: "x".repeat(MAX_EVENT_BYTES) } as const;
  assertEquals(outcomeOf(() => encodeTriggerEvent(status)), { code: "frame-too-large" });
});

claim("an event is one line, whatever is in it", () => {
  fc.assert(fc.property(triggerEvents, (event) => {
    const bytes = encodeTriggerEvent(event);
    assert(bytes.indexOf(0x0a) === bytes.length - 1);
  }));
});
