import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Received } from "../../../handoff/protocol/received.ts";
import { claim } from "../../support/claim.ts";

claim("whatever was pushed and dropped, the bytes that are left are those, in their order", () => {
  const push = fc.uint8Array({ maxLength: 600 }).map((push) => ({ push }));
  const drop = fc.nat(600).map((drop) => ({ drop }));
  fc.assert(fc.property(fc.array(fc.oneof(push, drop)), (steps) => {
    const received = new Received();
    let expected: number[] = [];
    for (const step of steps) {
      if ("push" in step) {
        received.push(step.push);
        expected.push(...step.push);
      } else {
        const count = Math.min(step.drop, received.length);
        received.drop(count);
        expected = expected.slice(count);
      }
      assertEquals(received.length, expected.length);
      assertEquals(received.peek(expected.length), Uint8Array.from(expected));
      assertEquals(received.peek(expected.length + 1), undefined);
    }
  }));
});
