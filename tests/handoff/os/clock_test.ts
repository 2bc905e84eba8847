import { assert } from "@std/assert";
import { openOs } from "../../../handoff/linux.ts";
import { claim } from "../../support/claim.ts";

claim("the monotonic clock goes on, and is the one of /proc/uptime", () => {
  using os = openOs();
  const uptime = () => Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]);
  const before = uptime();
  const [first, second] = [os.monotonicMicroseconds(), os.monotonicMicroseconds()];
  assert(first <= second);
  // Both in whole hundredths; a machine that was suspended has an uptime that is larger.
  assert(Number(second) / 1e6 <= uptime() + 0.02, `${second} is after ${before}`);
  assert(Number(first) > 0);
}, { needs: ["linux"] });
