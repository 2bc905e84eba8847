import { errnoName } from "./errno.ts";
import { printableJson, printableText } from "./printable.ts";

/** The base of every error this module defines; catch it to catch them all. */
export class HandoffError extends Error {
  /**
   * An error whose `name` is that of its class. Control characters in `message`, such as a path may have, are escaped: it
   * can be printed as it stands.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(printableText(message), options);
    this.name = new.target.name;
  }
}

/** A call of the kernel failed with an errno that has no meaning of its own to the caller, such as `ENOLCK` of `flock(2)`. */
export class SyscallError extends HandoffError {
  /** The C function that failed. */
  readonly syscall: string;
  /** The number the C library left in `errno`. */
  readonly errno: number;
  /** The file the call was about; undefined for a call about a descriptor or a process. */
  readonly path?: string | undefined;
  /** The errno's name, such as `"ENOLCK"`; `"E<number>"` for one that has no name here. */
  readonly code: string;

  /** `doing` starts the message: `Cannot <doing> "<path>"`, or `Cannot <doing>` without a path. */
  constructor(
    doing: string,
    { syscall, errno, path }: { readonly syscall: string; readonly errno: number; readonly path?: string | undefined },
  ) {
    const code = errnoName(errno);
    const object = path === undefined ? "" : ` ${printableJson(path)}`;
    super(`Cannot ${doing}${object}: ${syscall} failed with ${code} (errno ${errno})`);
    this.syscall = syscall;
    this.errno = errno;
    this.path = path;
    this.code = code;
  }
}

/**
 * Why no process can have a lock here:
 *
 * - `"platform"`: the operating system has no `flock(2)` (Windows);
 * - `"runtime"`: not Deno, or a Deno older than 2.7.12, whose descriptors are not the kernel's;
 * - `"libc"`: no C library could be opened;
 * - `"errno"`: the C library's `errno` cannot be read, so a refusal could not be distinguished from a failure;
 * - `"filesystem"`: `flock(2)` on this filesystem excludes nobody;
 * - `"lockfile"`: the lockfile is not a regular file, or is replaced again and again.
 */
export type LockUnsupportedReason =
  | "platform"
  | "runtime"
  | "libc"
  | "errno"
  | "filesystem"
  | "lockfile";

/** Exclusion is not possible on this platform, runtime, filesystem or lockfile. Nothing was locked. */
export class LockUnsupportedError extends HandoffError {
  /** Why. */
  readonly reason: LockUnsupportedReason;

  /** An error for `reason`, explained by `message`. */
  constructor(
    reason: LockUnsupportedReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.reason = reason;
  }
}
