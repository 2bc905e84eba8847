import { LockLostError, type LockLostReason } from "./errors.ts";
import { fileError } from "./file_error.ts";
import { type Inode, inodeAt, inodeInPlace, sameInode } from "./inode.ts";
import { lockfilePath } from "./lockfile.ts";

/**
 * Where a lock was taken. The kernel keeps a lock on the inode, whatever becomes of its name: once the path leads to
 * another inode, or nowhere, somebody else can lock what stands there and neither would know. A link count does not
 * tell, since a file that was renamed keeps it.
 */
export class Place {
  readonly dataDir: string;
  readonly #directory: Inode | undefined;
  readonly #lockfile: Inode;

  /** The directory at the path now, and the lockfile that was locked in it. */
  constructor(dataDir: string, lockfile: Inode) {
    this.dataDir = dataDir;
    this.#directory = inodeAt(dataDir);
    this.#lockfile = lockfile;
  }

  /** Why the lock excludes nobody any more; undefined while it does. Throws Deno's error when the path cannot be read. */
  loss(): LockLostError | undefined {
    const reason = this.#reason();
    return reason === undefined ? undefined : new LockLostError({ dataDir: this.dataDir, reason });
  }

  #reason(): LockLostReason | undefined {
    try {
      const directory = inodeAt(this.dataDir);
      if (directory === undefined) return "directory-missing";
      if (!sameInode(this.#directory, directory)) return "directory-replaced";
      const lockfile = inodeInPlace(lockfilePath(this.dataDir));
      if (lockfile === undefined) return "lockfile-missing";
      if (!sameInode(lockfile, this.#lockfile)) return "lockfile-replaced";
    } catch (cause) {
      throw fileError("look at", this.dataDir, { cause, dataDir: this.dataDir });
    }
  }
}
