import { assertEquals } from "@std/assert";
import { Child } from "./child.ts";
import { eventually } from "./patience.ts";

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

/** The same as a process of its own, which starts no other: nobody but itself has the file open, at any moment. */
export async function foreignProcess(dataDir: string, { pidfile }: { pidfile?: string } = {}): Promise<Child> {
  await using started = new AsyncDisposableStack();
  const holder = started.use(new Child("foreign_holder.ts", { args: [dataDir] }));
  const { event } = await holder.next();
  if (event !== "locked") throw new Error(`The lock of ${dataDir} is held`);
  if (pidfile !== undefined) Deno.writeTextFileSync(`${dataDir}/.handoff.pidfile`, pidfile);
  started.move();
  return holder;
}

/** Whether a program that knows nothing of this module would get the flock now. */
export function isFree(dataDir: string): boolean {
  using file = Deno.openSync(`${dataDir}/.handoff.lock`);
  const free = file.tryLockSync(true);
  file.unlockSync();
  return free;
}

/**
 * Resolves when nobody has the flock any more. A lock that ends with a close alone is free a moment later: for as long
 * as a child that some test of this process forks has the file open, which is until its exec.
 */
export async function untilFree(dataDir: string): Promise<void> {
  await eventually(() => assertEquals(isFree(dataDir), true));
}
