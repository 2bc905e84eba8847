/** What this process has open, and how many files it watches, which Linux tells. */
export function usage(): { descriptors: number; watches: number } {
  const lines = names("/proc/self/fdinfo").flatMap((name) => infoOf(name).split("\n"));
  return { descriptors: names("/dev/fd").length, watches: lines.filter((line) => line.startsWith("inotify ")).length };
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name);
}

/** Nothing for the descriptor by which the folder itself was read. */
function infoOf(descriptor: string): string {
  try {
    return Deno.readTextFileSync(`/proc/self/fdinfo/${descriptor}`);
  } catch {
    return "";
  }
}
