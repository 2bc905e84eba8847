/**
 * Numbers and structure layouts of Linux, the same on x86_64 and aarch64 and, as memory looks, in glibc and musl: where
 * musl declares `socklen_t` and padding for a `size_t`, a little-endian machine cannot tell. A test compares them with C's.
 */

/** Constants by their names in C. */
export const C = {
  EINTR: 4,
  EBADF: 9,
  EAGAIN: 11,
  ENOENT: 2,
  ESRCH: 3,
  ECHILD: 10,
  EACCES: 13,
  ENOTDIR: 20,
  EINVAL: 22,
  ENAMETOOLONG: 36,
  ENOTSOCK: 88,
  ECONNABORTED: 103,

  F_GETFD: 1,
  F_SETFD: 2,
  F_GETFL: 3,
  F_SETFL: 4,
  F_DUPFD_CLOEXEC: 1030,
  FD_CLOEXEC: 1,
  O_RDONLY: 0,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  X_OK: 1,
  RLIMIT_NOFILE: 7,

  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_TYPE: 3,
  SO_PEERCRED: 17,
  SO_RCVTIMEO: 20,
  SO_ACCEPTCONN: 30,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  SCM_RIGHTS: 1,
  MSG_CTRUNC: 0x8,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x4000,
  MSG_CMSG_CLOEXEC: 0x40000000,

  POLLIN: 0x1,
  POLLOUT: 0x4,
  POLLERR: 0x8,
  POLLHUP: 0x10,
  POLLNVAL: 0x20,
  EFD_CLOEXEC: 0o2000000,
  EFD_NONBLOCK: 0o4000,

  CLOCK_MONOTONIC: 1,

  P_ALL: 0,
  P_PID: 1,
  WNOHANG: 1,
  WEXITED: 4,
  WNOWAIT: 0x01000000,
  CLD_EXITED: 1,
  POSIX_SPAWN_SETSIGDEF: 0x4,
  POSIX_SPAWN_SETSIGMASK: 0x8,
  SYS_pidfd_open: 434,
  SYS_pidfd_send_signal: 424,
  AT_FDCWD: -100,
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_EMPTY_PATH: 0x1000,
  STATX_INO: 0x100,
  SYS_statx: Deno.build.arch === "aarch64" ? 291 : 332,
  SYS_getdents64: Deno.build.arch === "aarch64" ? 61 : 217,
} as const;

/** `sizeof` of structures by their names in C. */
export const SIZE = {
  "struct sockaddr_in": 16,
  "struct sockaddr_in6": 28,
  "struct sockaddr_un": 110,
  "struct ucred": 12,
  "struct timeval": 16,
  "struct timespec": 16,
  "struct iovec": 16,
  "struct msghdr": 56,
  "struct cmsghdr": 16,
  "struct pollfd": 8,
  "struct rlimit": 16,
  "siginfo_t": 128,
  "sigset_t": 128,
  "struct statx": 256,
} as const;

/** `offsetof` by structure and member. */
export const OFFSET = {
  "struct sockaddr_in": { sin_family: 0, sin_port: 2, sin_addr: 4 },
  "struct sockaddr_in6": { sin6_family: 0, sin6_port: 2, sin6_addr: 8 },
  "struct sockaddr_un": { sun_family: 0, sun_path: 2 },
  "struct ucred": { pid: 0, uid: 4, gid: 8 },
  "struct timeval": { tv_sec: 0, tv_usec: 8 },
  "struct timespec": { tv_sec: 0, tv_nsec: 8 },
  "struct iovec": { iov_base: 0, iov_len: 8 },
  "struct msghdr": { msg_iov: 16, msg_iovlen: 24, msg_control: 32, msg_controllen: 40, msg_flags: 48 },
  "struct cmsghdr": { cmsg_len: 0, cmsg_level: 8, cmsg_type: 12 },
  "struct pollfd": { fd: 0, events: 4, revents: 6 },
  "struct rlimit": { rlim_cur: 0, rlim_max: 8 },
  "struct statx": { stx_ino: 32, stx_dev_major: 136, stx_dev_minor: 140 },
  "siginfo_t": { si_code: 8, si_pid: 16, si_status: 24 },
} as const;

/** Room for `posix_spawnattr_t` (336 bytes) and `posix_spawn_file_actions_t` (80), which libc fills in. */
export const OPAQUE_SIZE = 512;
