import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../handoff/protocol/protocol_error.ts";
import { checkChosenVersion, negotiate, PROTO_MAX, PROTO_MIN } from "../../../handoff/protocol/version.ts";
import { claim } from "../../support/claim.ts";

claim("this side speaks version 1", () => assertEquals([PROTO_MIN, PROTO_MAX], [1, 1]));

for (const [protoMin, protoMax] of [[1, 1], [0, 1], [1, 9], [0, 65535]]) {
  claim(`with a peer that speaks ${protoMin} to ${protoMax}, version 1 is chosen`, () => {
    assertEquals(negotiate({ protoMin, protoMax }), 1);
  });
}

for (const [protoMin, protoMax] of [[2, 2], [2, 65535], [0, 0], [5, 1]]) {
  claim(`with a peer that speaks ${protoMin} to ${protoMax}, there is no version to choose`, () => {
    const error = assertThrows(() => negotiate({ protoMin, protoMax }), ProtocolError, `${protoMin} to ${protoMax}`);
    assertEquals(error.code, "version-mismatch");
  });
}

claim("version 1 is accepted from the supervisor", () => checkChosenVersion({ protoVersionChosen: 1 }));

for (const protoVersionChosen of [0, 2, 65535]) {
  claim(`version ${protoVersionChosen} is not accepted from the supervisor`, () => {
    const error = assertThrows(() => checkChosenVersion({ protoVersionChosen }), ProtocolError);
    assertEquals(error.code, "version-mismatch");
  });
}
