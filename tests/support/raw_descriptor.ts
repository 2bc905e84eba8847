// deno-lint-ignore-file handoff/dlopen-in-one-file -- makes what the module gets from another process, without the module
import { closeSync, constants, openSync } from "node:fs";

const F_DUPFD = 0;
const F_DUPFD_CLOEXEC = 1030;

/**
 * A second descriptor of the open file `fd`, of which the runtime knows nothing: like one that another process sent.
 * Children do not inherit it unless `inherited` says so.
 */
export function rawDescriptor(fd: number, { inherited = false } = {}): number {
  const libc = Deno.dlopen("libc.so.6", { fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" } });
  const copy = libc.symbols.fcntl(fd, inherited ? F_DUPFD : F_DUPFD_CLOEXEC, 3);
  libc.close();
  if (copy === -1) throw new Error(`Descriptor ${fd} cannot be duplicated`);
  return copy;
}

/** Such a descriptor of a file that is opened anew, to read and write. */
export function rawDescriptorOf(path: string): number {
  const fd = openSync(path, constants.O_RDWR);
  try {
    return rawDescriptor(fd);
  } finally {
    closeSync(fd);
  }
}

/** The files that the descriptors of this process lead to, by their numbers. Linux tells. */
export function openFiles(): Map<number, string> {
  const files = new Map<number, string>();
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      files.set(Number(name), Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The descriptor by which the folder was read, or one that another thread has closed.
    }
  }
  return files;
}
