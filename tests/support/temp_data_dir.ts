import { TempDir } from "./temp_dir.ts";

/** A temporary directory with an empty `data` in it. */
export function tempDirWithData(parent?: string): TempDir {
  const dir = new TempDir(parent);
  Deno.mkdirSync(dir.join("data"));
  return dir;
}

/**
 * The same, in memory where there is such a place: the kernel's list of locks has the device number of every file there,
 * and not so of those on overlayfs or btrfs. Deno lets nobody in there without `--allow-all`.
 */
export function dataInMemory(): TempDir {
  return tempDirWithData(Deno.build.os === "linux" ? "/dev/shm" : undefined);
}
