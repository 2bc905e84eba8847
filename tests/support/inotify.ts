import { until } from "./patience.ts";

/** How many inotify instances a user may have, all programs together. */
const LIMIT = "/proc/sys/fs/inotify/max_user_instances";

/**
 * Resolves when this many inotify instances are left to this user. A test that takes many of them asks for twice as
 * many, so that those which run beside it, or a second run of the tests, are not left without.
 */
export async function untilInotifyLeft(count: number): Promise<void> {
  if (Deno.build.os !== "linux") return;
  const limit = Number(Deno.readTextFileSync(LIMIT));
  await until(() => limit < count || limit - inUse() >= count, `${count} inotify instances are left`);
}

function inUse(): number {
  const pids = names("/proc").filter((name) => /^\d+$/.test(name));
  const open = pids.flatMap((pid) => names(`/proc/${pid}/fd`).map((fd) => target(`/proc/${pid}/fd/${fd}`)));
  return open.filter((path) => path === "anon_inode:inotify").length;
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

function target(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
