import { Journal } from "./journal.ts";

/** The data directory, and beside it what the torture needs. */
export class Arena implements Disposable {
  readonly path: string;
  readonly dataDir: string;
  readonly journalPath: string;
  /** For what is on its way into the data directory by rename. */
  readonly scratch: string;
  readonly journal: Journal;

  constructor(dir: string) {
    this.path = Deno.realPathSync(Deno.makeTempDirSync({ dir, prefix: "handoff-torture-" }));
    this.dataDir = `${this.path}/data`;
    this.journalPath = `${this.path}/journal`;
    this.scratch = `${this.path}/scratch`;
    this.journal = new Journal(this.journalPath);
    Deno.mkdirSync(this.dataDir);
    Deno.writeTextFileSync(this.#lockfile, "");
    // For the contenders that are another user's.
    Deno.chmodSync(this.path, 0o755);
    Deno.chmodSync(this.dataDir, 0o777);
    Deno.chmodSync(this.#lockfile, 0o666);
  }

  /** The inode of the lockfile; undefined when it is gone. */
  inode(): number | undefined {
    try {
      return Deno.statSync(this.#lockfile).ino ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether nobody holds the lock. */
  isFree(): boolean {
    using file = Deno.openSync(this.#lockfile, { create: true, write: true });
    return file.tryLockSync(true);
  }

  files(): string[] {
    return [...Deno.readDirSync(this.dataDir)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    this.journal[Symbol.dispose]();
    Deno.removeSync(this.path, { recursive: true });
  }

  get #lockfile(): string {
    return `${this.dataDir}/.handoff.lock`;
  }
}
