import type { CallTable } from "./calls.ts";
import { errnoName } from "./errno.ts";
import { LockUnsupportedError } from "./errors.ts";
import { openSymbols } from "./libc.ts";
import { C, OFFSET, SIZE } from "./linux_abi.ts";
import { bytes, cString, viewOf } from "./memory.ts";

const CALLS = {
  // glibc has a function for it since 2.28, musl since 1.2.5.
  statx: {
    name: "syscall",
    parameters: [
      ...[/* number */ "word", /* dirfd */ "word"] as const,
      ...[/* path */ "buffer", /* flags */ "word", /* mask */ "word", /* statxbuf */ "buffer"] as const,
    ],
  },
} as const satisfies CallTable;

/** Which file to look at: an open one, or what stands at a path. */
export type FileOrPath = number | { readonly path: string; readonly followLink: boolean };

/**
 * The device and inode number of a file, by statx(2). The runtime's own numbers are rounded beyond 2^53, as bigints too:
 * overlayfs with xino, mergerfs and others have larger ones, and files beside each other look like one.
 *
 * Throws {@linkcode LockUnsupportedError} where they cannot be had: a number that is not exact proves nothing.
 */
export function exactInode(file: FileOrPath): { readonly dev: bigint; readonly ino: bigint } {
  if (Deno.build.os !== "linux") throw inexact("this platform does not tell them exactly");
  using calls = openSymbols(CALLS);
  const buffer = bytes(SIZE["struct statx"]);
  const [dirfd, path, flags] = typeof file === "number"
    ? [file, "", C.AT_EMPTY_PATH]
    : [C.AT_FDCWD, file.path, file.followLink ? 0 : C.AT_SYMLINK_NOFOLLOW];
  const result = calls.statx(C.SYS_statx, dirfd, cString(path), flags, C.STATX_INO, buffer);
  if (result < 0) throw inexact(`statx failed with ${errnoName(-result)}`);
  const { stx_ino, stx_dev_major, stx_dev_minor } = OFFSET["struct statx"];
  const view = viewOf(buffer);
  const [major, minor] = [stx_dev_major, stx_dev_minor].map((at) => BigInt(view.getUint32(at, true)));
  return { dev: deviceNumber(major!, minor!), ino: view.getBigUint64(stx_ino, true) };
}

/** makedev(3). */
function deviceNumber(major: bigint, minor: bigint): bigint {
  return (major & 0xfffn) << 8n | (major & 0xfffff000n) << 32n | minor & 0xffn | (minor & 0xffffff00n) << 12n;
}

function inexact(why: string): LockUnsupportedError {
  return new LockUnsupportedError(
    "filesystem",
    `Cannot tell files apart: this filesystem has inode numbers beyond 2^53, and ${why}. Use another filesystem.`,
  );
}
