/**
 * The descriptors of this process that lead into a directory, and how many files it watches; Linux tells. What the
 * runtime has open is left out: it opens and closes some at any time.
 */
export function usage(dataDir: string): { descriptors: number; watches: number } {
  const numbers = [...Deno.readDirSync("/proc/self/fd")].map((entry) => entry.name);
  const path = Deno.realPathSync(dataDir);
  const watches = numbers.flatMap((number) =>
    look(() => Deno.readTextFileSync(`/proc/self/fdinfo/${number}`)).split("\n")
  )
    .filter((line) => line.startsWith("inotify "));
  const descriptors = numbers.filter((number) =>
    look(() => Deno.readLinkSync(`/proc/self/fd/${number}`)).startsWith(path)
  );
  return { descriptors: descriptors.length, watches: watches.length };
}

/** Nothing of a descriptor that is closed meanwhile, as the one by which the folder itself was read. */
function look(at: () => string): string {
  try {
    return at();
  } catch {
    return "";
  }
}
