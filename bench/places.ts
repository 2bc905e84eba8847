/** A kind of file system, and a directory on it. */
export interface Place {
  readonly name: "tmpfs" | "disk";
  readonly parent: string;
}

/** Where locks are measured; the environment can name other directories of the two kinds. */
export const PLACES: readonly Place[] = [
  { name: "tmpfs", parent: Deno.env.get("HANDOFF_BENCH_TMPFS") ?? "/dev/shm" },
  { name: "disk", parent: Deno.env.get("HANDOFF_BENCH_DISK") ?? "/var/tmp" },
];

/** A new data directory, which is removed at the end of the program, together with what is put beside it. */
export function makeDataDir({ parent }: Place): string {
  const dir = Deno.makeTempDirSync({ dir: parent, prefix: "handoff-bench-" });
  addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  Deno.mkdirSync(`${dir}/data`);
  return `${dir}/data`;
}
