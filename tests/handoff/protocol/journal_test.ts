import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import { decodeJournal, encodeJournal } from "../../../handoff/protocol/journal.ts";
import { claim } from "../../support/claim.ts";
import { bytesNear, journals } from "./arbitraries.ts";
import { outcomeOf } from "./outcome.ts";
import { recordedJournals } from "./recorded.ts";

claim("the recorded journals hold each of the six phases", () => {
  assertEquals(new Set(recordedJournals.map(({ journal }) => journal.phase)).size, 6);
});

for (const { bytes, journal } of recordedJournals) {
  claim(`the crate's journal of the phase ${journal.phase} decodes to what it means`, () => {
    assertEquals(decodeJournal(bytes), journal);
  });

  claim(`what the crate's journal of the phase ${journal.phase} means encodes to the crate's bytes`, () => {
    assertEquals(encodeJournal(journal), bytes);
  });
}

claim("any journal is the same after it was encoded and decoded", () => {
  fc.assert(fc.property(journals, (journal) => assertEquals(decodeJournal(encodeJournal(journal)), journal)));
});

claim("any bytes give a journal or a ProtocolError of the code codec", () => {
  fc.assert(
    fc.property(bytesNear(journals.map(encodeJournal)), (bytes) => {
      const outcome = outcomeOf(() => decodeJournal(bytes));
      if ("code" in outcome) assertEquals(outcome.code, "codec");
      else assertEquals(decodeJournal(encodeJournal(outcome.value)), outcome.value);
    }),
    { numRuns: 2000 },
  );
});

claim("a journal that was cut short anywhere, as by a full disk, is a ProtocolError", () => {
  for (const { bytes } of recordedJournals) {
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(outcomeOf(() => decodeJournal(bytes.subarray(0, length))), { code: "codec" });
    }
  }
});

claim("a journal of a phase that there is not is a ProtocolError that names it", () => {
  const bytes = recordedJournals[0].bytes.with(17, 6);
  assertThrows(() => decodeJournal(bytes), ProtocolError, "there is no phase 6");
});
