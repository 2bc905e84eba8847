import type { Libc } from "../ffi/libc.ts";
import { resolveExistingDataDir } from "./data_dir.ts";
import { LockHeldError } from "./errors.ts";
import { statInPlace } from "./file.ts";
import { fileError } from "./file_error.ts";
import { hasLockOpen } from "./descriptor_holders.ts";
import { type Holder, READER, readHolder, withZombie } from "./holder.ts";
import { askKernel } from "./proc_locks.ts";
import { Lockfile, lockfilePath, MAX_READER_TRIES } from "./lockfile.ts";
import type { AcquireOptions } from "./options.ts";
import { readPidfile } from "./pidfile.ts";
import { openLibcFor, requireRuntime } from "./runtime.ts";
import { runAsync, runSync, sleep, type Steps } from "./sync_or_async.ts";
import { WaitLimits, waitUntil } from "./wait.ts";

export { type DescriptorHolder, descriptorHoldersBeside, hasLockOpen } from "./descriptor_holders.ts";
export { inProc } from "./in_proc.ts";
export type { Holder } from "./holder.ts";
export { pidfilePath } from "./pidfile.ts";

/** What {@linkcode inspect} found. */
export interface LockStatus {
  /** The absolute path of the directory. */
  readonly dataDir: string;
  /** Whether an acquire would be refused now: this is the flock, whatever the pidfile says. */
  readonly held: boolean;
  /** True if nothing but shared flocks is in the way: nobody writes. Only `-A` on Linux can tell. */
  readonly reader?: true;
  /** The process that the pidfile names. If `held` is false, it ended without removing the pidfile, which is stale. */
  readonly holder: Holder;
  /** The state of the pidfile. */
  readonly pidfile: "present" | "missing" | "malformed" | "unreadable";
  /**
   * Where `held` comes from: `"kernel"` is `/proc/locks`, by device and inode; `"probe"` is a shared flock, not waited
   * for and given back after microseconds.
   */
  readonly source: "kernel" | "probe";
  /** The process that took the lock, as the kernel has it, when that is the source; `holder.pid` is the pidfile's. */
  readonly kernelPid?: number;
}

/**
 * Reports who holds the lock of `dataDir`, without disturbing anybody: nothing is created or changed, and a directory that
 * does not exist is not held.
 *
 * With every permission (`-A`), on Linux, the kernel's own list is read. Otherwise the lock is probed; an `acquire` that
 * meets the probe tries again and does not fail because of it, but another program's `flock -n` may. A shared flock that
 * some other program keeps is reported only where the kernel's list shows it.
 *
 * Permissions: `--allow-ffi` and `--allow-read` for the directory. Rejects with Deno's own errors if the directory
 * cannot be read, `LockUnsupportedError` if no lock is possible here, and `TypeError` for an invalid path.
 *
 * @example
 * ```ts
 * import { inspect } from "jsr:@scope/handoff";
 *
 * const { held, holder } = await inspect("/var/lib/mydaemon");
 * console.log(held ? `held by process ${holder.pid}, ${holder.liveness}` : "free");
 * ```
 */
export async function inspect(dataDir: string | URL): Promise<LockStatus> {
  return await runAsync(look(dataDir));
}

/** The same as {@linkcode inspect}, synchronously. */
export function inspectSync(dataDir: string | URL): LockStatus {
  return runSync(look(dataDir));
}

function* look(dataDir: string | URL): Steps<LockStatus> {
  requireRuntime();
  const path = resolveExistingDataDir(dataDir);
  using libc = openLibcFor(path);
  const before = yield* inspectFlock(libc, path);
  const pidfile = readPidfile(path);
  const holder = readHolder(libc, path, lstat(lockfilePath(path), path), pidfile);
  // Where the two disagree, the lock may have been taken or given back between the looks.
  const agrees = before.held === (holder.liveness === "alive");
  const flock = agrees ? before : yield* inspectFlock(libc, path);
  return { dataDir: path, ...flock, holder: withFacts(path, flock, holder), pidfile: pidfile.state };
}

/** What the kernel shows about the process that the pidfile names, where the lock is held. */
function withFacts(dataDir: string, { held, reader, kernelPid }: Flock, holder: Holder): Holder {
  const known = withZombie(holder);
  const { pid } = known;
  if (!held || pid === undefined) return known;
  const holds = reader || known.zombie ? false : kernelPid === pid || hasLockOpen(dataDir, pid);
  return holds === false ? { ...known, holds } : known;
}

/**
 * Waits until an acquire would get the lock of a directory, and takes nothing. It looks when an acquire that waits would
 * try. Rejects with {@linkcode LockHeldError} when the time is up.
 */
export async function untilFree(
  dataDir: string | URL,
  options: Pick<AcquireOptions, "timeout" | "signal" | "onWait"> = {},
): Promise<void> {
  requireRuntime();
  const path = resolveExistingDataDir(dataDir);
  const limits = new WaitLimits(options);
  await runAsync(waitUntil<void>(lockfilePath(path), limits, {
    *look() {
      const { held, reader, holder } = yield* look(path);
      return held ? { holder: reader ? READER : holder } : { result: undefined };
    },
    timedOut: (holder) =>
      new LockHeldError(
        { dataDir: path, holder, waitedMs: limits.waitedMs, pidfile: readPidfile(path).state },
        "wait any longer for",
      ),
  }));
}

type Flock = Pick<LockStatus, "held" | "reader" | "source" | "kernelPid">;

/** Looks again for a moment when it meets a reader: an inspection is one for microseconds. */
function* inspectFlock(libc: Libc, dataDir: string): Steps<Flock> {
  let flock = inspectFlockOnce(libc, dataDir);
  for (let tries = 1; flock.reader && tries < MAX_READER_TRIES; tries++) {
    yield sleep(1);
    flock = inspectFlockOnce(libc, dataDir);
  }
  return flock;
}

function inspectFlockOnce(libc: Libc, dataDir: string): Flock {
  const file = lstat(lockfilePath(dataDir), dataDir);
  if (file === undefined) return { held: false, source: "probe" };
  // What is not a regular file is no lockfile; and must not be told to be free.
  const answer = file.isFile() ? askKernel(file) : undefined;
  if (answer?.reader) return { held: true, reader: true, source: "kernel" };
  if (answer !== undefined && !answer.uncertain) {
    return { held: answer.held, source: "kernel", ...answer.pid !== undefined && { kernelPid: answer.pid } };
  }
  using lockfile = Lockfile.openReadOnly(libc, dataDir);
  if (!file.isFile()) lockfile?.requireRegularFile();
  const held = lockfile?.hasWriter() ?? false;
  return { held, source: answer?.held === held ? "kernel" : "probe" };
}

function lstat(path: string, dataDir: string) {
  try {
    return statInPlace(path);
  } catch (cause) {
    throw fileError("inspect the lockfile", path, { cause, dataDir, access: ["read"] });
  }
}
