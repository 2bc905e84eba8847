import { errnoTable } from "./errno.ts";
import type { Libc } from "./libc.ts";

const MAX_PID = 2_147_483_647;

/** Whether `pid` names one process: 0 and negative numbers name groups, and larger ones wrap around in C. */
export function isPid(pid: number): boolean {
  return Number.isInteger(pid) && pid >= 1 && pid <= MAX_PID;
}

/**
 * Whether process `pid` exists, by `kill(pid, 0)`, which sends nothing. EPERM means that it exists and belongs to
 * another user; only ESRCH means that it does not. Any other answer (EACCES of a security module) tells nothing. A
 * zombie counts as alive.
 *
 * Throws `RangeError` for what is not a pid, before any call.
 */
export function livenessOf(libc: Pick<Libc, "kill">, pid: number): "alive" | "dead" | "unknown" {
  if (!isPid(pid)) throw new RangeError(`${pid} is not a process id`);
  const result = libc.kill(pid, 0);
  const { EPERM, ESRCH } = errnoTable();
  if (result === 0 || result === -EPERM) return "alive";
  return result === -ESRCH ? "dead" : "unknown";
}
