/** All files that may ever stand in a data directory, and the directory itself: what a lock's system calls are about. */
export function dataFiles(dataDir: string): string[] {
  return [dataDir, ...NAMES.map((name) => `${dataDir}/${name}`)];
}

/** What each file in a folder says, by its name. */
export function contents(folder: string): Record<string, string> {
  const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
  return Object.fromEntries(names.map((name) => [name, Deno.readTextFileSync(`${folder}/${name}`)]));
}

/** Makes a folder what a process leaves that is killed while it holds the lock. */
export function leaveStale(folder: string): void {
  Deno.writeTextFileSync(`${folder}/.handoff.lock`, "");
  Deno.writeTextFileSync(`${folder}/.handoff.pidfile`, STALE);
}

/** What a stale pidfile says: a pid greater than any that a kernel gives. */
export const STALE = "2147483647\n";

const NAMES = [".handoff.lock", ".handoff.pidfile", ".handoff.pidfile.tmp"];
