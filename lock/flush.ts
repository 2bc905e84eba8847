import { fsync, fsyncSync } from "node:fs";
import type { Pause } from "./steps.ts";

/** The pause that fsync(2) of an open file is; none to speak of where the file lives in memory. */
export function flush(fd: number, { memory }: { memory: boolean }): Pause {
  const syncSync = () => fsyncSync(fd);
  if (memory) return { sync: syncSync, syncSync };
  const sync = () =>
    new Promise<void>((resolve, reject) => fsync(fd, (error) => error === null ? resolve() : reject(error)));
  return { sync, syncSync };
}
