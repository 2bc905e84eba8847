import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import {
  encodeTriggerRequest,
  LineReader,
  MAX_REQUEST_BYTES,
  parseTriggerLine,
} from "../../../handoff/protocol/trigger.ts";
import { claim } from "../../support/claim.ts";
import { junk, triggerRequests } from "./arbitraries.ts";
import { outcomeOf, readAll } from "./outcome.ts";

claim("any request is the same after it was written as a line and parsed", () => {
  fc.assert(fc.property(triggerRequests, (request) => {
    const [line, ...more] = readAll(new LineReader(MAX_REQUEST_BYTES), [encodeTriggerRequest(request)]);
    assertEquals(more, []);
    assertEquals(parseTriggerLine(line), request);
  }));
});

claim("any line gives a request or a ProtocolError of the code codec", () => {
  const json = fc.record({
    v: fc.constantFrom(1, 1, 1, 2, null),
    verb: fc.constantFrom("upgrade", "rollback", "abort", "status", "history", "stop", "restart", "replace", "fly"),
    ...Object.fromEntries(
      ["command", "timeoutMs", "check", "force", "soakSecs", "follow"].map((name) => [name, junk]),
    ),
  }, { requiredKeys: ["v", "verb"] }).map((value) => JSON.stringify(value));
  const lines = fc.oneof(
    json,
    junk.map((value) => JSON.stringify(value)),
    fc.string({ unit: "binary" }),
    fc.string().map((rest) => `handoff ${rest}`),
  );
  fc.assert(
    fc.property(lines, (line) => {
      const outcome = outcomeOf(() => parseTriggerLine(line));
      if ("code" in outcome) assertEquals(outcome.code, "codec");
    }),
    { numRuns: 2000 },
  );
});

const CRATE_LINES: Readonly<Record<string, string | undefined>> = {
  "handoff": undefined,
  "handoff\r": undefined,
  "  handoff  ": undefined,
  "handoff /usr/bin/daemon-v2": "/usr/bin/daemon-v2",
  "handoff\t/usr/bin/daemon-v2\r": "/usr/bin/daemon-v2",
  "handoff /opt/with space/daemon": "/opt/with space/daemon",
};

for (const [line, binary] of Object.entries(CRATE_LINES)) {
  claim(`${JSON.stringify(line)} asks for an upgrade to ${binary ?? "the configured command"}`, () => {
    assertEquals(parseTriggerLine(line), binary === undefined ? { verb: "handoff" } : { verb: "handoff", binary });
  });
}

for (const line of ["", "handoffs", "HANDOFF", "/usr/bin/daemon", "upgrade"]) {
  claim(`${JSON.stringify(line)} is no request`, () => {
    assertThrows(() => parseTriggerLine(line), ProtocolError, "unknown command");
  });
}

for (const binary of ["", " daemon", "daemon ", "daemon\nhandoff /usr/bin/other"]) {
  claim(
    `the path ${JSON.stringify(binary)}, which would come out as another, is not written into the crate's line`,
    () => {
      assertEquals(outcomeOf(() => encodeTriggerRequest({ verb: "handoff", binary })), { code: "codec" });
    },
  );
}

claim("a request may leave out what it does not want to say", () => {
  assertEquals(parseTriggerLine('{"v":1,"verb":"upgrade","follow":true}'), { verb: "upgrade", follow: true });
});

claim(
  "a request with a field that is not known is refused by its name, since what it asks for might be left out",
  () => {
    const line = '{"v":1,"verb":"upgrade","follow":true,"dryRun":true}';
    assertThrows(() => parseTriggerLine(line), ProtocolError, 'Cannot read upgrade: unknown field "dryRun"');
  },
);

const MALFORMED: Readonly<Record<string, string>> = {
  '{"v":1,"verb":"upgrade"}': "upgrade.follow: it must be true",
  '{"v":1,"verb":"upgrade","follow":true,"command":"deno"}': "upgrade.command: it must be an array",
  '{"v":1,"verb":"upgrade","follow":true,"timeoutMs":-1}': "upgrade.timeoutMs: it must be at least 0",
  '{"v":1,"verb":"upgrade","follow":true,"soakSecs":"5"}': "upgrade.soakSecs: it must be a number of at least 0",
  '{"v":1,"verb":"upgrade","follow":true,"check":1}': "upgrade.check: it must be true or false",
  '{"v":1,"verb":7}': "the verb: it must be a string",
  '{"v":1,': "it is not JSON",
};

for (const [line, complaint] of Object.entries(MALFORMED)) {
  claim(`${line} is refused, and the error names the place`, () => {
    assertThrows(() => parseTriggerLine(line), ProtocolError, complaint);
  });
}

for (const [line, of] of [['{"v":2,"verb":"upgrade"}', "upgrade"], ['{"v":1,"verb":"toString"}', "toString"]]) {
  claim(`${line} is unsupported, and no error`, () => {
    assertEquals(parseTriggerLine(line), { verb: "unsupported", of });
  });
}

claim("a request of 4 KiB with its newline is written and read, one of a byte more is neither", () => {
  const upgrade = (padding: number) => ({
    verb: "upgrade" as const,
    follow: true as const,
    command: ["x".repeat(padding)],
  });
  const padding = MAX_REQUEST_BYTES - encodeTriggerRequest(upgrade(0)).length;
  const largest = encodeTriggerRequest(upgrade(padding));
  assertEquals(largest.length, MAX_REQUEST_BYTES);
  const lines = readAll(new LineReader(MAX_REQUEST_BYTES), [largest]);
  assertEquals(lines.map(parseTriggerLine), [upgrade(padding)]);
  assertEquals(outcomeOf(() => encodeTriggerRequest(upgrade(padding + 1))), { code: "frame-too-large" });
});
