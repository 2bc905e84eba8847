/** `struct timespec` on 64-bit platforms. */
const timespec = new BigInt64Array(2);
const bytes = new Uint8Array(timespec.buffer);
const CLOCK_REALTIME = 0;

// deno-lint-ignore handoff/dlopen-in-one-file -- the module itself needs no such clock
const { symbols: { clock_gettime } } = Deno.dlopen(Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
  clock_gettime: { parameters: [/* clockid */ "i32", /* tp */ "buffer"], result: "i32" },
});

/**
 * The time in milliseconds, to the microsecond, by the clock that all processes of the machine share, date(1) among them.
 * What `performance` tells starts with each process, and drifts from process to process.
 */
export function now(): number {
  clock_gettime(CLOCK_REALTIME, bytes);
  return Number(timespec[0]) * 1e3 + Number(timespec[1]) / 1e6;
}

/** Lets time pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
