import { isAlive } from "../ffi/kill.ts";
import type { Libc } from "../ffi/libc.ts";
import { pidfilePath, readPidfile } from "./pidfile.ts";

/** Who holds a lock, according to the pidfile. It explains a refusal; the kernel alone decides who is refused. */
export interface Holder {
  /** The process that the pidfile names; absent when the pidfile is missing or malformed. */
  readonly pid?: number;
  /** Whether that process exists (`kill(pid, 0)`); `"unknown"` without a pid. */
  readonly liveness: "alive" | "dead" | "unknown";
  /** Whether `pid` is this very process. */
  readonly self: boolean;
}

/** Who holds, or held, the lock of `dataDir`, by what its pidfile says. */
export function readHolder(libc: Pick<Libc, "kill">, dataDir: string, { pid } = readPidfile(dataDir)): Holder {
  if (pid === undefined) return { liveness: "unknown", self: false };
  const alive = isAlive(libc, pid, pidfilePath(dataDir));
  return { pid, liveness: alive ? "alive" : "dead", self: pid === Deno.pid };
}
