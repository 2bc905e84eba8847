import type { Libc } from "./libc.ts";

/** What is known of a filesystem. */
export interface Filesystem {
  /** Its name, as in mount(8); the number in hexadecimal where it has no name here. */
  readonly type: string;
  /** Whether other machines, or another kernel's cache, may share it: there, `flock` may exclude nobody. */
  readonly network: boolean;
  /** Whether it lives in memory, where a flush has nothing to wait for. */
  readonly memory: boolean;
}

/**
 * `f_type` of fstatfs(2), from `<linux/magic.h>` and the sources of the filesystems: those that stat(1) of coreutils calls
 * remote, and those of virtual machines. Not overlayfs and aufs: what they lie over is not told, and containers run on them.
 */
const LINUX_NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x01021997, "9p"],
  [0x00c36400, "ceph"],
  [0x0bd00bd0, "lustre"],
  [0x5346414f, "afs"],
  [0x6b414653, "afs"],
  [0x47504653, "gpfs"],
  [0x65735546, "fuse"],
  [0x73757245, "coda"],
  [0x19830326, "beegfs"],
  [0x7461636f, "ocfs2"],
  [0x01161970, "gfs2"],
  [0xaad7aaea, "panfs"],
  [0xbeefdead, "stornext"],
  [0x61636673, "acfs"],
  [0x013111a8, "ibrix"],
  [0xa501fcf5, "vxfs"],
  [0x20030528, "orangefs"],
  [0x564c, "ncp"],
  [0x786f4256, "vboxsf"],
  [0xbacbacbc, "vmhgfs"],
  [0x7c7c6673, "prl_fs"],
]);

const LINUX_MEMORY_TYPES: ReadonlyMap<number, string> = new Map([
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
]);

/** `f_fstypename` of fstatfs(2) on macOS. */
const DARWIN_NETWORK_TYPES: ReadonlySet<string> = new Set([
  "nfs",
  "smbfs",
  "cifs",
  "afpfs",
  "webdav",
  "ftp",
  "macfuse",
  "osxfuse",
  "fusefs",
]);

/** `sizeof(struct statfs)` on 64-bit platforms. */
const LINUX_STATFS_SIZE = 120;
const DARWIN_STATFS_SIZE = 2168;

/** The filesystem that the open file `fd` is on. One that the kernel does not tell is of type "unknown". */
export function filesystemOf(
  libc: Pick<Libc, "fstatfs">,
  fd: number,
  os: typeof Deno.build.os = Deno.build.os,
): Filesystem {
  const buffer = new Uint8Array(os === "darwin" ? DARWIN_STATFS_SIZE : LINUX_STATFS_SIZE);
  if (libc.fstatfs(fd, buffer) !== 0) return { type: "unknown", network: false, memory: false };
  return os === "darwin" ? darwinFilesystem(buffer) : linuxFilesystem(buffer);
}

/** `f_type` is a long at the start; its numbers fit 32 bits, and some platforms extend their sign. */
function linuxFilesystem(buffer: Uint8Array): Filesystem {
  const [magic = 0] = new Uint32Array(buffer.buffer);
  const network = LINUX_NETWORK_TYPES.get(magic);
  const memory = LINUX_MEMORY_TYPES.get(magic);
  return {
    type: network ?? memory ?? `0x${magic.toString(16)}`,
    network: network !== undefined,
    memory: memory !== undefined,
  };
}

/** `f_fstypename` is a string of 16 bytes behind 72 bytes of numbers (`<sys/mount.h>`, 64-bit inodes). */
function darwinFilesystem(buffer: Uint8Array): Filesystem {
  const name = buffer.subarray(72, 88);
  const type = String.fromCharCode(...name.subarray(0, name.indexOf(0)));
  return { type, network: DARWIN_NETWORK_TYPES.has(type), memory: false };
}
