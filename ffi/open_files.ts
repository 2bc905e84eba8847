import type { Calls, CallTable } from "./calls.ts";
import type { DescriptorCalls } from "./descriptor.ts";
import { C } from "./linux_abi.ts";
import { bytes, cString, viewOf } from "./memory.ts";
import { checked } from "./uninterrupted.ts";

/** Calls that list a directory without the permission that Deno's own want for `/proc`. */
export const OPEN_FILES_CALLS = {
  open: { parameters: [/* path */ "buffer", /* flags */ "int", /* mode */ "int"] },
  // Below glibc 2.30, and in musl, there is no function for it.
  getdents64: {
    name: "syscall",
    parameters: [/* number */ "word", /* fd */ "word", /* buf */ "buffer", /* n */ "word"],
  },
} as const satisfies CallTable;

/** What {@linkcode inheritable} needs. */
export type OpenFilesCalls = Calls<typeof OPEN_FILES_CALLS> & Pick<DescriptorCalls, "fcntl" | "close">;

/** `struct linux_dirent64`. */
const RECORD_LENGTH = 16;
const NAME = 19;

/** The descriptors of this process that a program started by exec would inherit. */
export function inheritable(calls: OpenFilesCalls): number[] {
  const purpose = { syscall: "open", doing: "list the open files in", path: "/proc/self/fd" };
  const folder = checked(calls.open(cString(purpose.path), C.O_RDONLY | C.O_CLOEXEC, 0), purpose);
  const numbers: number[] = [];
  try {
    const buffer = bytes(32_768);
    const view = viewOf(buffer);
    for (;;) {
      const length = calls.getdents64(C.SYS_getdents64, folder, buffer, buffer.length);
      if (checked(length, { ...purpose, syscall: "getdents64" }) === 0) break;
      for (let at = 0; at < length; at += view.getUint16(at + RECORD_LENGTH, true)) {
        const fd = numberAt(buffer, at + NAME);
        if (fd !== undefined) numbers.push(fd);
      }
    }
    return numbers.filter((fd) => {
      const flags = calls.fcntl(fd, C.F_GETFD, 0);
      // Another thread may have closed it since.
      return flags >= 0 && (flags & C.FD_CLOEXEC) === 0;
    });
  } finally {
    calls.close(folder);
  }
}

/** The number that the NUL-terminated name at `start` is; undefined for `.` and `..`. */
function numberAt(buffer: Uint8Array<ArrayBuffer>, start: number): number | undefined {
  const name = new TextDecoder().decode(buffer.subarray(start, buffer.indexOf(0, start)));
  return /^\d+$/.test(name) ? Number(name) : undefined;
}
