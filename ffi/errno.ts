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

/** `37` → `"ENOLCK"`; a number without a name here gives `"E<number>"`. */
export function errnoName(
  errno: number,
  os: typeof Deno.build.os = Deno.build.os,
): string {
  for (const [name, value] of Object.entries(errnoTable(os))) {
    if (value === errno) return name;
  }
  return `E${errno}`;
}
