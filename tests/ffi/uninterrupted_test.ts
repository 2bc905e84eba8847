import { assertEquals } from "@std/assert";
import { errnoTable } from "../../ffi/errno.ts";
import { uninterrupted } from "../../ffi/uninterrupted.ts";
import { claim } from "../support/claim.ts";

const { EINTR } = errnoTable("linux");

claim("a call is made again for as long as a signal interrupts it", () => {
  let interruptions = 100;
  assertEquals(uninterrupted(() => interruptions-- > 0 ? -EINTR : 7), 7);
});

claim("a call that is interrupted without end is given up, since no signal storm may stall the event loop", () => {
  assertEquals(uninterrupted(() => -EINTR), -EINTR);
});
