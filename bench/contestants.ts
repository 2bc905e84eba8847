import { promisify } from "node:util";
import { DataDirLock } from "@scope/handoff";
import lockfile from "lockfile";
import properLockfile from "proper-lockfile";
import { openLibc } from "../ffi/libc.ts";
import { byHand } from "./by_hand.ts";
import { type Contestant, OURS } from "./contestant.ts";

const ours: Contestant = {
  name: OURS,
  async take(dataDir) {
    const lock = await DataDirLock.acquire(dataDir);
    return () => lock.release();
  },
  takeSync(dataDir) {
    const lock = DataDirLock.acquireSync(dataDir);
    return () => lock.releaseSync();
  },
};

/** The floor: says that a lock is held, but not by whom. */
const denoTryLock: Contestant = {
  name: "Deno.FsFile.tryLock",
  async take(dataDir) {
    const file = await Deno.open(`${dataDir}/.handoff.lock`, OPTIONS);
    return unlessRefused(file, await file.tryLock(true));
  },
  takeSync(dataDir) {
    const file = Deno.openSync(`${dataDir}/.handoff.lock`, OPTIONS);
    return unlessRefused(file, file.tryLockSync(true));
  },
};

const OPTIONS: Deno.OpenOptions = { read: true, write: true, create: true };

function unlessRefused(file: Deno.FsFile, taken: boolean): () => void {
  if (taken) return () => file.close();
  file.close();
  throw new Error("It is locked");
}

/** What most programs on Node use. */
export const proper: Contestant = {
  name: "npm proper-lockfile",
  take: (dataDir) => properLockfile.lock(dataDir),
  takeSync: (dataDir) => properLockfile.lockSync(dataDir),
};

const lock: (path: string) => Promise<void> = promisify(lockfile.lock);
const unlock: (path: string) => Promise<void> = promisify(lockfile.unlock);

/** What npm itself used. */
export const npmLockfile: Contestant = {
  name: "npm lockfile",
  async take(dataDir) {
    const path = `${dataDir}/npm.lock`;
    await lock(path);
    return () => unlock(path);
  },
  takeSync(dataDir) {
    const path = `${dataDir}/npm.lock`;
    lockfile.lockSync(path);
    return () => lockfile.unlockSync(path);
  },
};

/** What is measured side by side. A program that holds a lock, or waits for one, has libc open. */
export const CONTESTANTS: readonly Contestant[] = [
  ours,
  { ...ours, name: `${OURS}, libc open`, open: openLibc },
  byHand,
  denoTryLock,
  proper,
  npmLockfile,
];
