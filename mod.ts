/**
 * At most one process at a time is the writer of a data directory, and the kernel, not a file's contents, decides
 * which.
 *
 * @example
 * ```ts
 * import { DataDirLock } from "jsr:@scope/handoff";
 *
 * const dataDir = await Deno.makeTempDir(); // "/var/lib/mydaemon"
 * await using lock = await DataDirLock.acquire(dataDir);
 * console.log(`sole writer of ${lock.dataDir}`);
 * ```
 *
 * @module
 */

export { type AcquireOptions, DataDirLock } from "./lock/data_dir_lock.ts";
export {
  HandoffError,
  type HeldFields,
  LockHeldError,
  LockUnsupportedError,
  type LockUnsupportedReason,
  StaleLockBreakRefusedError,
  SyscallError,
  type SyscallErrorFields,
} from "./lock/errors.ts";
export type { Holder } from "./lock/holder.ts";
