import { TempDir } from "./temp_dir.ts";

/** Only the owner of a file may remove it or rename another one over it. */
export const STICKY = 0o1000;

/** A directory in which every user may create files. */
export function worldWritableDir(mode = 0): TempDir {
  const dir = new TempDir();
  Deno.chmodSync(dir.path, 0o777 | mode);
  return dir;
}
