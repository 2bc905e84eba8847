/** What a program could use instead. */
import properLockfile from "proper-lockfile";

const OPTIONS: Deno.OpenOptions = { read: true, write: true, create: true };

/** The floor: takes the lock and gives it back, or says that it is held, but not by whom. */
export async function denoTryLock(dataDir: string): Promise<boolean> {
  using file = await Deno.open(`${dataDir}/.handoff.lock`, OPTIONS);
  return await file.tryLock(true);
}

/** {@linkcode denoTryLock}, synchronously. */
export function denoTryLockSync(dataDir: string): boolean {
  using file = Deno.openSync(`${dataDir}/.handoff.lock`, OPTIONS);
  return file.tryLockSync(true);
}

/** What most programs on Node use, npm's proper-lockfile: takes the lock and gives it back, or throws. */
export async function properLock(dataDir: string): Promise<void> {
  const release = await properLockfile.lock(dataDir);
  await release();
}

/** {@linkcode properLock}, synchronously. */
export function properLockSync(dataDir: string): void {
  const release = properLockfile.lockSync(dataDir);
  release();
}
