import { LockUnsupportedError } from "../ffi/errors.ts";
import type { Libc } from "../ffi/libc.ts";
import { ReceivedDescriptor } from "../ffi/received_descriptor.ts";
import { requireLocal } from "./acquire.ts";
import { resolveDataDir } from "./data_dir.ts";
import { LockAdoptionError, LockHeldError } from "./errors.ts";
import { readHolder } from "./holder.ts";
import { Lockfile } from "./lockfile.ts";
import type { AdoptOptions } from "./options.ts";
import { openLibcFor, requireRuntime } from "./runtime.ts";

/** A lock that was adopted: the lockfile, and all that is to be given back with it. */
export interface Adopted {
  readonly libc: Libc;
  readonly dataDir: string;
  readonly lockfile: Lockfile;
  readonly resources: DisposableStack;
}

/**
 * Proves that descriptor `fd`, which another process sent, is the lock of a directory, as if it had been taken here.
 * Closes it before it returns: the runtime would not close it with its worker.
 */
export function adoptLockfile(input: string | URL, fd: number, options: AdoptOptions): Adopted {
  requireRuntime();
  if (Deno.build.os !== "linux") {
    throw new LockUnsupportedError(
      "platform",
      "Cannot adopt a lock: one process can pass it to another on Linux only.",
    );
  }
  using received = new ReceivedDescriptor(fd);
  const dataDir = resolveDataDir(input);
  using resources = new DisposableStack();
  const libc = resources.use(openLibcFor(dataDir));
  const lockfile = Lockfile.receive(libc, dataDir, received);
  if (lockfile === undefined) throw new LockAdoptionError(dataDir, fd);
  resources.use(lockfile);
  requireLocal(lockfile.filesystem, { dataDir, ...options });
  // The right file, opened by itself, would pass every other check while another process holds the lock.
  if (!lockfile.tryLock()) {
    const fields = { dataDir, holder: readHolder(libc, dataDir, lockfile.inode), waitedMs: 0 };
    throw new LockHeldError(fields, "adopt the lock of");
  }
  if (!lockfile.excludesOthers()) throw new LockAdoptionError(dataDir, fd);
  return { libc, dataDir, lockfile, resources: resources.move() };
}
