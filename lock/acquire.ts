import { LockUnsupportedError } from "../ffi/errors.ts";
import type { Filesystem } from "../ffi/filesystem.ts";
import type { Libc } from "../ffi/libc.ts";
import { DataDir } from "./data_dir.ts";
import { LockHeldError, StaleLockBreakRefusedError } from "./errors.ts";
import { type Holder, readHolder } from "./holder.ts";
import { Lockfile } from "./lockfile.ts";
import { LockfileWatch } from "./lockfile_watch.ts";
import type { AcquireOptions } from "./options.ts";
import { Patience } from "./patience.ts";
import { sleep, type Steps } from "./sync_or_async.ts";

/** What is asked for: which directory, on which terms. */
export interface Demand {
  readonly libc: Libc;
  readonly dataDir: string;
  readonly options: AcquireOptions;
  /** Whether a lock whose named holder is not alive is tried a second time. */
  readonly breakStale: boolean;
}

/** A lockfile that is replaced as often as this while it is being locked is replaced on purpose. */
const MAX_REPLACEMENTS = 10;

/** Opens the lockfile, takes its flock, and proves that this excludes others. The caller disposes of it. */
export function* takeLockfile(demand: Demand): Steps<Lockfile> {
  const { dataDir } = demand;
  const attempt = new Attempt(demand);
  for (let replacements = 0; replacements < MAX_REPLACEMENTS;) {
    using opened = new DisposableStack();
    const lockfile = opened.use(openLockfile(demand));
    // While somebody holds it, only the time is the limit to how often it is replaced.
    if (!(yield* attempt.obtain(lockfile))) continue;
    if (lockfile.excludesOthers()) {
      opened.move();
      return lockfile;
    }
    replacements++;
  }
  throw new LockUnsupportedError(
    "lockfile",
    `Cannot lock ${
      JSON.stringify(dataDir)
    }: .handoff.lock was replaced ${MAX_REPLACEMENTS} times while it was being locked. Find out who replaces it.`,
  );
}

/** A directory that is refused is left without a lockfile: so one is made only where the directory has been looked at. */
function openLockfile(demand: Demand): Lockfile {
  const { libc, dataDir } = demand;
  using opened = new DisposableStack();
  const existing = Lockfile.open(libc, dataDir);
  if (existing !== undefined) {
    opened.use(existing);
    requireLocal(existing.filesystem, demand);
    opened.move();
    return existing;
  }
  const directory = opened.use(new DataDir(libc, dataDir));
  requireLocal(directory.filesystem, demand);
  return Lockfile.create(libc, dataDir);
}

/** Other machines may share such a filesystem, or another kernel's cache: flock there may exclude nobody. */
export function requireLocal(
  { type, network }: Filesystem,
  { dataDir, options }: Pick<Demand, "dataDir" | "options">,
): void {
  if (!network || options.allowNetworkFilesystem) return;
  throw new LockUnsupportedError(
    "filesystem",
    `Cannot lock ${JSON.stringify(dataDir)}: it is on ${type}, where flock may exclude nobody. Use a directory on a ` +
      "local filesystem; for writers on several hosts, use a lock service such as etcd or Consul. Where all users of " +
      "this filesystem are known to honour flock, set allowNetworkFilesystem.",
  );
}

/** One acquire's dealings with those who hold the lock. */
class Attempt {
  readonly #demand: Demand;
  readonly #patience: Patience;
  #warned = false;
  #sawAlive = false;

  constructor(demand: Demand) {
    this.#demand = demand;
    this.#patience = new Patience(demand.options);
  }

  /** Locks the file, if need be after waiting. False when it was replaced meanwhile; throws when the time is up. */
  *obtain(lockfile: Lockfile): Steps<boolean> {
    if (yield* tryPastReaders(lockfile)) return true;
    using watch = new LockfileWatch(lockfile.path);
    while (true) {
      let holder = this.#readHolder();
      if (this.#demand.breakStale && holder.liveness !== "alive") {
        // Who was just alive is releasing, and has withdrawn its pidfile already: no reason to warn.
        if (!this.#sawAlive) this.#warn(holder);
        if (yield* tryPastReaders(lockfile)) return true;
        holder = this.#readHolder();
      }
      this.#sawAlive = holder.liveness === "alive";
      if (this.#patience.left === 0) throw this.#refusal(holder);
      this.#patience.announce(holder);
      yield watch.pause(holder, this.#patience);
      this.#patience.signal?.throwIfAborted();
      if (!lockfile.isInPlace()) return false;
      if (lockfile.tryLock()) return true;
    }
  }

  #readHolder(): Holder {
    return readHolder(this.#demand.libc, this.#demand.dataDir);
  }

  #warn(holder: Holder): void {
    if (this.#warned) return;
    this.#warned = true;
    const { dataDir, options } = this.#demand;
    if (options.onStale === undefined) warnStale(dataDir, holder);
    else options.onStale(holder);
  }

  #refusal(holder: Holder): LockHeldError {
    const { dataDir, breakStale } = this.#demand;
    const fields = { dataDir, holder, waitedMs: this.#patience.waitedMs };
    return breakStale ? new StaleLockBreakRefusedError(fields) : new LockHeldError(fields);
  }
}

/** How often, a millisecond apart, an acquire looks again when nothing but readers is in its way. */
const MAX_READER_TRIES = 100;

/** Tries the lock; an inspection that is in the way for microseconds is no reason to refuse. */
function* tryPastReaders(lockfile: Lockfile): Steps<boolean> {
  for (let tries = 0; tries < MAX_READER_TRIES; tries++) {
    if (lockfile.tryLock()) return true;
    if (lockfile.hasWriter()) return false;
    yield sleep(1);
  }
  return false;
}

function warnStale(dataDir: string, { pid }: Holder): void {
  const who = pid === undefined ? "its holder is unknown" : `its holder, process ${pid}, is dead`;
  console.warn(`The lock of ${JSON.stringify(dataDir)} looks stale: ${who}; trying again`);
}
