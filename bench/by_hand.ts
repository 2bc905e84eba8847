import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Contestant } from "./contestant.ts";

/**
 * The system calls that exclusion, a durable pidfile and the holder's name in a refusal take, and nothing around them:
 * no proof, no care for what may go wrong, and a C library that stays open.
 */
export const byHand: Contestant = {
  name: "the system calls by hand",
  async take(dataDir) {
    const fd = lock(dataDir);
    const temporary = openTemporary(dataDir);
    await temporary.sync();
    temporary.close();
    Deno.renameSync(temporaryPath(dataDir), pidfilePath(dataDir));
    const directory = Deno.openSync(dataDir);
    await directory.sync();
    directory.close();
    return () => unlock(dataDir, fd);
  },
  takeSync(dataDir) {
    const fd = lock(dataDir);
    const temporary = openTemporary(dataDir);
    temporary.syncSync();
    temporary.close();
    Deno.renameSync(temporaryPath(dataDir), pidfilePath(dataDir));
    const directory = Deno.openSync(dataDir);
    directory.syncSync();
    directory.close();
    return () => unlock(dataDir, fd);
  },
};

const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;

// deno-lint-ignore handoff/dlopen-in-one-file -- the boundary that the project has is part of what is measured against
const { symbols: { flock, kill } } = Deno.dlopen(Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
  flock: { parameters: [/* fd */ "i32", /* operation */ "i32"], result: "i32" },
  kill: { parameters: [/* pid */ "i32", /* sig */ "i32"], result: "i32" },
});

function lock(dataDir: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(`${dataDir}/.handoff.lock`, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  if (flock(fd, LOCK_EX_NB) === 0) return fd;
  const pid = readPid(dataDir);
  const alive = kill(pid, 0) === 0;
  closeSync(fd);
  throw new Error(`${dataDir} is locked by ${pid}, ${alive ? "alive" : "dead"}`);
}

function readPid(dataDir: string): number {
  const bytes = new Uint8Array(16);
  const fd = openSync(pidfilePath(dataDir), constants.O_RDONLY | constants.O_NOFOLLOW);
  const text = String.fromCharCode(...bytes.subarray(0, readSync(fd, bytes)));
  closeSync(fd);
  return Number(text);
}

function openTemporary(dataDir: string): Deno.FsFile {
  const file = Deno.openSync(temporaryPath(dataDir), { write: true, createNew: true, mode: 0o644 });
  file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  return file;
}

function unlock(dataDir: string, fd: number): void {
  Deno.removeSync(pidfilePath(dataDir));
  flock(fd, LOCK_UN);
  closeSync(fd);
}

function pidfilePath(dataDir: string): string {
  return `${dataDir}/.handoff.pidfile`;
}

function temporaryPath(dataDir: string): string {
  return `${pidfilePath(dataDir)}.tmp`;
}
