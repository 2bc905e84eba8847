/** What stands beside the lock that some other program holds. */
export interface ForeignHolderOptions {
  /** The name of the file that is locked, if it is yet to become the lockfile. */
  readonly name?: string;
  /** The content of the pidfile; none is written by default. */
  readonly pidfile?: string;
}

/** Some other program that holds the flock of a data directory, and knows nothing of this module. */
export class ForeignHolder implements Disposable {
  readonly #file: Deno.FsFile;

  constructor(dataDir: string, { name = ".handoff.lock", pidfile }: ForeignHolderOptions = {}) {
    if (pidfile !== undefined) Deno.writeTextFileSync(`${dataDir}/.handoff.pidfile`, pidfile);
    this.#file = Deno.openSync(`${dataDir}/${name}`, { create: true, write: true });
    if (!this.#file.tryLockSync(true)) throw new Error(`The lock of ${dataDir} is held`);
  }

  /** A close alone may come too late: a test beside this one forks, and its child has the file open until its exec. */
  [Symbol.dispose](): void {
    this.#file.unlockSync();
    this.#file.close();
  }
}

/** Whether a program that knows nothing of this module would get the flock now. */
export function isFree(dataDir: string): boolean {
  using file = Deno.openSync(`${dataDir}/.handoff.lock`);
  const free = file.tryLockSync(true);
  file.unlockSync();
  return free;
}
