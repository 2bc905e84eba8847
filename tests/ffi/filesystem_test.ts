import { closeSync, openSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { filesystemOf } from "../../ffi/filesystem.ts";
import { openLibc } from "../../ffi/libc.ts";
import { claim } from "../support/claim.ts";
import { LINUX_NETWORK, type LinuxType, onDarwin, onLinux, onLinuxSigned } from "../support/filesystems.ts";

const LINUX_LOCAL: readonly LinuxType[] = [
  ["ext4", 0xef53],
  ["xfs", 0x58465342],
  ["btrfs", 0x9123683e],
  ["f2fs", 0xf2f52010],
  ["zfs", 0x2fc12fc1],
  ["overlayfs", 0x794c7630],
  ["aufs", 0x61756673],
  ["an unknown filesystem", 0x12345678],
];

const LINUX_MEMORY: readonly LinuxType[] = [["tmpfs", 0x01021994], ["ramfs", 0x858458f6]];

const DARWIN_NETWORK = ["nfs", "smbfs", "afpfs", "webdav", "macfuse", "osxfuse"];
const DARWIN_LOCAL = ["apfs", "hfs", "exfat", "unheardof"];

for (const [name, magic] of LINUX_NETWORK) {
  claim(`f_type ${hexadecimal(magic)} on Linux is a network filesystem, ${name}`, () => {
    assertEquals(filesystemOf(onLinux(magic), 0, "linux"), { type: name, network: true, memory: false });
  });
}

for (const [name, magic] of LINUX_LOCAL) {
  claim(`f_type ${hexadecimal(magic)} on Linux, of ${name}, is no network filesystem`, () => {
    const type = hexadecimal(magic);
    assertEquals(filesystemOf(onLinux(magic), 0, "linux"), { type, network: false, memory: false });
  });
}

for (const [name, magic] of LINUX_MEMORY) {
  claim(`f_type ${hexadecimal(magic)} on Linux is a filesystem in memory, ${name}`, () => {
    assertEquals(filesystemOf(onLinux(magic), 0, "linux"), { type: name, network: false, memory: true });
  });
}

claim("an f_type of 32 bits is known also where the platform extends its sign", () => {
  assertEquals(filesystemOf(onLinuxSigned(0xff534d42), 0, "linux").type, "cifs");
});

for (const name of DARWIN_NETWORK) {
  claim(`f_fstypename ${name} on macOS is a network filesystem`, () => {
    assertEquals(filesystemOf(onDarwin(name), 0, "darwin"), { type: name, network: true, memory: false });
  });
}

for (const name of DARWIN_LOCAL) {
  claim(`f_fstypename ${name} on macOS is no network filesystem`, () => {
    assertEquals(filesystemOf(onDarwin(name), 0, "darwin"), { type: name, network: false, memory: false });
  });
}

claim("a filesystem that the kernel does not tell is of type unknown", () => {
  const mute = { fstatfs: () => -38 };
  assertEquals(filesystemOf(mute, 0), { type: "unknown", network: false, memory: false });
});

if (Deno.build.os === "linux") {
  claim("f_type is read from the right offset: that of /proc is procfs", () => {
    using libc = openLibc();
    using cleanUp = new DisposableStack();
    const fd = cleanUp.adopt(openSync("/proc/self/stat", "r"), closeSync);
    assertEquals(filesystemOf(libc, fd).type, hexadecimal(0x9fa0));
  });
}

function hexadecimal(magic: number): string {
  return `0x${magic.toString(16)}`;
}
