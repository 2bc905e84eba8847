import type { Libc } from "../../ffi/libc.ts";

type Statfs = Pick<Libc, "fstatfs">;

/** The name that a message has for it, and Linux's `f_type`. */
export type LinuxType = readonly [name: string, magic: number];

/** From `<linux/magic.h>`, and from the sources of those filesystems that are not part of Linux. */
export const LINUX_NETWORK: readonly LinuxType[] = [
  ["nfs", 0x6969],
  ["smb", 0x517b],
  ["cifs", 0xff534d42],
  ["smb2", 0xfe534d42],
  ["9p", 0x01021997],
  ["ceph", 0x00c36400],
  ["lustre", 0x0bd00bd0],
  ["afs", 0x5346414f],
  ["afs", 0x6b414653],
  ["gpfs", 0x47504653],
  ["fuse", 0x65735546],
  ["coda", 0x73757245],
  ["beegfs", 0x19830326],
  ["ocfs2", 0x7461636f],
  ["gfs2", 0x01161970],
  ["panfs", 0xaad7aaea],
  ["stornext", 0xbeefdead],
  ["acfs", 0x61636673],
  ["ibrix", 0x013111a8],
  ["vxfs", 0xa501fcf5],
  ["orangefs", 0x20030528],
  ["ncp", 0x564c],
  ["vboxsf", 0x786f4256],
  ["vmhgfs", 0xbacbacbc],
  ["prl_fs", 0x7c7c6673],
];

/** What fstatfs(2) says of a filesystem on Linux: `struct statfs` starts with `f_type`. */
export function onLinux(magic: number): Statfs {
  return statfs((buffer) => new BigUint64Array(buffer, 0, 1)[0] = BigInt(magic));
}

/** The same where `f_type` is a signed number of 32 bits, whose sign is extended. */
export function onLinuxSigned(magic: number): Statfs {
  return statfs((buffer) => new BigInt64Array(buffer, 0, 1)[0] = BigInt.asIntN(32, BigInt(magic)));
}

/** On macOS `f_fstypename` stands behind two 32-bit numbers, five of 64 bits, and six of 32 bits again. */
export function onDarwin(name: string): Statfs {
  const offset = 2 * 4 + 5 * 8 + 6 * 4;
  return statfs((buffer) => new TextEncoder().encodeInto(name, new Uint8Array(buffer, offset, 15)));
}

function statfs(fill: (buffer: ArrayBuffer) => void): Statfs {
  return {
    fstatfs(_fd, { buffer }) {
      fill(buffer);
      return 0;
    },
  };
}
