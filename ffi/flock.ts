import { errnoTable } from "./errno.ts";
import { SyscallError } from "./errors.ts";
import { type Libc, LOCK_UN } from "./libc.ts";

/** `<sys/file.h>`: the same numbers on Linux and macOS. */
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** More interruptions in a row than any signal storm makes; without an end, one could stall the event loop. */
const MAX_INTERRUPTIONS = 1_000;

/** How a flock is asked for. */
export interface FlockRequest {
  /** The file, for messages. */
  readonly path: string;
  /** Together with other shared locks, instead of alone. */
  readonly shared?: boolean;
}

/**
 * Asks for the flock of `fd` without waiting: true when this open file now holds it, false when another open file does.
 * Throws {@linkcode SyscallError} on any other errno.
 */
export function tryFlock(libc: Pick<Libc, "flock">, fd: number, { path, shared = false }: FlockRequest): boolean {
  const result = flockUninterrupted(libc, fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
  if (result === 0) return true;
  if (result === -errnoTable().EWOULDBLOCK) return false;
  throw new SyscallError("lock", { syscall: "flock", errno: -result, path });
}

/** Gives the flock of `fd` back, also for every process that inherited the open file. */
export function unlockFlock(
  libc: Pick<Libc, "flock">,
  fd: number,
  path: string,
): void {
  const result = flockUninterrupted(libc, fd, LOCK_UN);
  if (result === 0) return;
  throw new SyscallError("unlock", { syscall: "flock", errno: -result, path });
}

function flockUninterrupted(
  libc: Pick<Libc, "flock">,
  fd: number,
  operation: number,
): number {
  const { EINTR } = errnoTable();
  let result = libc.flock(fd, operation);
  for (let i = 0; result === -EINTR && i < MAX_INTERRUPTIONS; i++) {
    result = libc.flock(fd, operation);
  }
  return result;
}
