/** What descriptor `fd` of a process is, such as `socket:[4711]`. */
export function openFile(fd: number, process: number | "self" = "self"): string {
  return Deno.readLinkSync(`/proc/${process}/fd/${fd}`);
}

/** The descriptors of a process. */
export function openFiles(process: number | "self"): number[] {
  return [...Deno.readDirSync(`/proc/${process}/fd`)].map(({ name }) => Number(name)).sort((a, b) => a - b);
}

/** The flags of the open file behind a descriptor of this process, and its own close-on-exec, as open(2) has them. */
export function flagsOf(fd: number): number {
  const [, flags] = /^flags:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`)) ?? [];
  return parseInt(flags, 8);
}
