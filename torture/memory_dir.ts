/** A directory in memory, where there is one: on a disk, the flushes of each acquire leave little time to contend. */
export function memoryDir(): string {
  try {
    return Deno.realPathSync("/dev/shm");
  } catch {
    return Deno.env.get("TMPDIR") ?? "/tmp";
  }
}
