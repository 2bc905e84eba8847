import type { Libc } from "./libc.ts";

/** `<sys/resource.h>`: the same number on Linux and macOS. */
const RLIMIT_FSIZE = 1;

/**
 * The length that no file this process writes may exceed, in bytes; infinite where there is no such limit, or it cannot
 * be asked for. Who writes more is not refused but killed, by SIGXFSZ.
 */
export function fileSizeLimit(libc: Pick<Libc, "getrlimit">): number {
  const limits = new BigUint64Array(2);
  if (libc.getrlimit(RLIMIT_FSIZE, new Uint8Array(limits.buffer)) !== 0) return Infinity;
  return Number(limits[0]);
}
