/** The errno values this module acts on or names; the numbers are the platform's (`<errno.h>`). */
export interface Errno {
  readonly EPERM: number;
  readonly ESRCH: number;
  readonly EINTR: number;
  readonly EBADF: number;
  readonly EWOULDBLOCK: number;
  readonly EBUSY: number;
  readonly EINVAL: number;
  readonly EFBIG: number;
  readonly EDQUOT: number;
  readonly ENOLCK: number;
  readonly ENOSYS: number;
  readonly EOPNOTSUPP: number;
}

const COMMON = { EPERM: 1, ESRCH: 3, EINTR: 4, EBADF: 9, EBUSY: 16, EINVAL: 22, EFBIG: 27 } as const;

const LINUX: Errno = {
  ...COMMON,
  EWOULDBLOCK: 11,
  ENOLCK: 37,
  ENOSYS: 38,
  EOPNOTSUPP: 95,
  EDQUOT: 122,
};

const DARWIN: Errno = {
  ...COMMON,
  EWOULDBLOCK: 35,
  ENOLCK: 77,
  ENOSYS: 78,
  EDQUOT: 69,
  EOPNOTSUPP: 102,
};

/** The errno table of `os`; every platform but macOS uses Linux's. */
export function errnoTable(os: typeof Deno.build.os = Deno.build.os): Errno {
  return os === "darwin" ? DARWIN : LINUX;
}

/** Names for messages of the handoff, which runs on Linux alone. */
const LINUX_NAMES: Readonly<Record<number, string>> = {
  2: "ENOENT",
  5: "EIO",
  7: "E2BIG",
  8: "ENOEXEC",
  10: "ECHILD",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  20: "ENOTDIR",
  21: "EISDIR",
  23: "ENFILE",
  24: "EMFILE",
  26: "ETXTBSY",
  28: "ENOSPC",
  30: "EROFS",
  32: "EPIPE",
  36: "ENAMETOOLONG",
  40: "ELOOP",
  71: "EPROTO",
  88: "ENOTSOCK",
  90: "EMSGSIZE",
  92: "ENOPROTOOPT",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  105: "ENOBUFS",
  107: "ENOTCONN",
  109: "ETOOMANYREFS",
  111: "ECONNREFUSED",
};

/** `37` → `"ENOLCK"`; a number without a name here gives `"E<number>"`. */
export function errnoName(
  errno: number,
  os: typeof Deno.build.os = Deno.build.os,
): string {
  for (const [name, value] of Object.entries(errnoTable(os))) {
    if (value === errno) return name;
  }
  return os === "linux" ? LINUX_NAMES[errno] ?? `E${errno}` : `E${errno}`;
}
