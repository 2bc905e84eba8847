import { DataDirLock } from "@scope/handoff";

type Acquire = (dataDir: string | URL) => DataDirLock | Promise<DataDirLock>;
type Release = (lock: DataDirLock) => void | Promise<void>;

/** In place of a warning amid the results of the tests. */
function onStale(): void {}

/** Every way to take a lock, by the name that a claim calls it. */
export const ACQUIRE_FORMS: Readonly<Record<string, Acquire>> = {
  "acquire()": (dataDir) => DataDirLock.acquire(dataDir),
  "acquireSync()": (dataDir) => DataDirLock.acquireSync(dataDir),
  "acquireOrBreakStale()": (dataDir) => DataDirLock.acquireOrBreakStale(dataDir, { onStale }),
  "acquireOrBreakStaleSync()": (dataDir) => DataDirLock.acquireOrBreakStaleSync(dataDir, { onStale }),
};

/** Every way to give a lock back, by the name that a claim calls it. */
export const RELEASE_FORMS: Readonly<Record<string, Release>> = {
  "release()": (lock) => lock.release(),
  "releaseSync()": (lock) => lock.releaseSync(),
  "[Symbol.asyncDispose]()": (lock) => lock[Symbol.asyncDispose](),
  "[Symbol.dispose]()": (lock) => lock[Symbol.dispose](),
};
