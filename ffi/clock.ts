import type { Calls, CallTable } from "./calls.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { bytes, viewOf } from "./memory.ts";
import { checked } from "./uninterrupted.ts";

/** The kernel's clocks. */
export const CLOCK_CALLS = {
  clock_gettime: { parameters: [/* clockid */ "int", /* tp */ "buffer"] },
} as const satisfies CallTable;

/** Microseconds of `CLOCK_MONOTONIC`, which all processes share. */
export function monotonicMicroseconds(calls: Calls<typeof CLOCK_CALLS>): bigint {
  const time = bytes(SIZE["struct timespec"]);
  checked(calls.clock_gettime(C.CLOCK_MONOTONIC, time), { syscall: "clock_gettime", doing: "read the clock" });
  const view = viewOf(time);
  const seconds = view.getBigInt64(OFFSET["struct timespec"].tv_sec, true);
  return seconds * 1_000_000n + view.getBigInt64(OFFSET["struct timespec"].tv_nsec, true) / 1_000n;
}
