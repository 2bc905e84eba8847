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

export { DataDirLock } from "./lock/data_dir_lock.ts";
export {
  HandoffError,
  LockHeldError,
  LockLostError,
  type LockLostReason,
  LockUnsupportedError,
  type LockUnsupportedReason,
  StaleLockBreakRefusedError,
  SyscallError,
} from "./lock/errors.ts";
export type { Holder } from "./lock/holder.ts";
export { inspect, inspectSync, type LockStatus } from "./lock/inspect.ts";
export type { AcquireOptions, AcquireSyncOptions } from "./lock/options.ts";
