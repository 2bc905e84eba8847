/**
 * The system calls that exclusion and a durable pidfile take, and nothing around them: no proof, no care for what may go
 * wrong, and a C library that stays open.
 */
import { closeSync, constants, openSync } from "node:fs";

/** Takes the lock of `dataDir`, publishes the pidfile, withdraws it and gives the lock back. */
export async function byHand(dataDir: string): Promise<void> {
  const fd = lock(dataDir);
  const temporary = openTemporary(dataDir);
  await temporary.sync();
  temporary.close();
  Deno.renameSync(temporaryPath(dataDir), pidfilePath(dataDir));
  const directory = Deno.openSync(dataDir);
  await directory.sync();
  directory.close();
  unlock(dataDir, fd);
}

/** {@linkcode byHand}, synchronously. */
export function byHandSync(dataDir: string): void {
  const fd = lock(dataDir);
  const temporary = openTemporary(dataDir);
  temporary.syncSync();
  temporary.close();
  Deno.renameSync(temporaryPath(dataDir), pidfilePath(dataDir));
  const directory = Deno.openSync(dataDir);
  directory.syncSync();
  directory.close();
  unlock(dataDir, fd);
}

const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;

// deno-lint-ignore handoff/dlopen-in-one-file -- the boundary that the project has is part of what is measured against
const { symbols: { flock } } = Deno.dlopen(Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
  flock: { parameters: [/* fd */ "i32", /* operation */ "i32"], result: "i32" },
});

function lock(dataDir: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(`${dataDir}/.handoff.lock`, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  if (flock(fd, LOCK_EX_NB) !== 0) throw new Error(`${dataDir} is locked`);
  return fd;
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
