import type { TempDir } from "./temp_dir.ts";

/** What stands in the pidfile of a data directory. */
export function pidfile(dir: TempDir): string {
  return Deno.readTextFileSync(dir.join(".handoff.pidfile"));
}
