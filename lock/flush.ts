import { fsync, fsyncSync } from "node:fs";
import type { Pause } from "./sync_or_async.ts";

/** The pause that fsync(2) of an open file is; where the file lives in memory there is nothing to wait for. */
export function flush(fd: number, { memory }: { memory: boolean }): Pause {
  if (memory) return { sync: () => {}, syncSync: () => {} };
  return {
    sync: () =>
      new Promise<void>((resolve, reject) => fsync(fd, (error) => error === null ? resolve() : reject(error))),
    syncSync: () => fsyncSync(fd),
  };
}
