import { assert } from "@std/assert";
import { eventually } from "./patience.ts";

/** Resolves when a process watches a lockfile, as those that wait for it do. Linux tells. */
export async function untilWatching(pid: number, dataDir: string): Promise<void> {
  const { ino } = Deno.statSync(`${dataDir}/.handoff.lock`);
  const watch = new RegExp(`^inotify wd:\\S+ ino:${ino?.toString(16)} `, "m");
  await eventually(() => {
    const files = [...Deno.readDirSync(`/proc/${pid}/fdinfo`)];
    assert(files.some(({ name }) => watch.test(readIfThere(`/proc/${pid}/fdinfo/${name}`))));
  });
}

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
