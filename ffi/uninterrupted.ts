import { SyscallError } from "./errors.ts";
import { C } from "./linux_abi.ts";

/** More interruptions in a row than any signal storm makes; without an end, one could stall the event loop. */
const MAX_INTERRUPTIONS = 1_000;

/** What a failed call was for. */
export interface Purpose {
  /** The C function. */
  readonly syscall: string;
  /** Starts the message: `Cannot <doing>`. */
  readonly doing: string;
  readonly path?: string;
}

/** The result of `call`, which is made again while a signal interrupts it (EINTR). */
export function uninterrupted(call: () => number): number {
  let result = call();
  for (let i = 0; result === -C.EINTR && i < MAX_INTERRUPTIONS; i++) result = call();
  return result;
}

/** `result`, unless it is a `-errno`: then throws {@linkcode SyscallError}. */
export function checked(result: number, { syscall, doing, path }: Purpose): number {
  if (result >= 0) return result;
  throw new SyscallError(doing, { syscall, errno: -result, path });
}

/** The result of a call that must not wait: undefined when it would have to (EAGAIN). Throws on any other errno. */
export function withoutWaiting(call: () => number, purpose: Purpose): number | undefined {
  const result = uninterrupted(call);
  return result === -C.EAGAIN ? undefined : checked(result, purpose);
}
