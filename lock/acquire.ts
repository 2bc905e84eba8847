import { printableJson } from "../ffi/printable.ts";
import { LockUnsupportedError } from "../ffi/errors.ts";
import type { Filesystem } from "../ffi/filesystem.ts";
import type { Libc } from "../ffi/libc.ts";
import { DataDir } from "./data_dir.ts";
import { LockHeldError, StaleLockBreakRefusedError } from "./errors.ts";
import { type Holder, readHolder } from "./holder.ts";
import { Lockfile } from "./lockfile.ts";
import type { AcquireRequest } from "./options.ts";
import { sleep, type Steps } from "./sync_or_async.ts";
import { type Look, WaitLimits, waitUntil } from "./wait.ts";

/** A lockfile that is replaced as often as this while it is being locked is replaced on purpose. */
const MAX_REPLACEMENTS = 10;

/** Opens the lockfile, takes its flock, and proves that this excludes others. The caller disposes of it. */
export function* acquireLockfile(libc: Libc, request: AcquireRequest): Steps<Lockfile> {
  const { dataDir } = request;
  const contender = new Contender(libc, request);
  for (let replacements = 0; replacements < MAX_REPLACEMENTS;) {
    using opened = new DisposableStack();
    const lockfile = opened.use(openLockfile(libc, request));
    // While somebody holds it, only the time is the limit to how often it is replaced.
    if (!(yield* contender.obtain(lockfile))) continue;
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
    }: .handoff.lock was replaced ${MAX_REPLACEMENTS} times while it was being locked. Find out what replaces it.`,
  );
}

/** A directory that is refused is left without a lockfile: so one is made only where the directory has been looked at. */
function openLockfile(libc: Libc, request: AcquireRequest): Lockfile {
  const { dataDir } = request;
  using opened = new DisposableStack();
  const existing = Lockfile.open(libc, dataDir);
  if (existing !== undefined) {
    opened.use(existing);
    requireLocal(existing.filesystem, request);
    opened.move();
    return existing;
  }
  const directory = opened.use(new DataDir(libc, dataDir));
  requireLocal(directory.filesystem, request);
  return Lockfile.create(libc, dataDir);
}

/** Other machines may share such a filesystem, or another kernel's cache: flock there may exclude nobody. */
export function requireLocal(
  { type, network }: Filesystem,
  { dataDir, allowNetworkFilesystem }: AcquireRequest,
): void {
  if (!network || allowNetworkFilesystem) return;
  throw new LockUnsupportedError(
    "filesystem",
    `Cannot lock ${JSON.stringify(dataDir)}: it is on ${type}, where flock may exclude nobody. Use a directory on a ` +
      "local filesystem. Writers on several hosts need storage that itself refuses a former holder's writes, such as a " +
      "database: a lock service cannot keep them off a filesystem. Where all users of this filesystem are known to " +
      "honour flock, set allowNetworkFilesystem.",
  );
}

/** One acquire among those that want the lock. */
class Contender {
  readonly #libc: Libc;
  readonly #request: AcquireRequest;
  readonly #limits: WaitLimits;
  #warned = false;
  #sawAlive = false;

  constructor(libc: Libc, request: AcquireRequest) {
    this.#libc = libc;
    this.#request = request;
    this.#limits = new WaitLimits(request);
  }

  /** Locks the file, if need be after waiting. False when it was replaced meanwhile; throws when the time is up. */
  *obtain(lockfile: Lockfile): Steps<boolean> {
    if (yield* tryPastReaders(lockfile)) return true;
    let first = true;
    const look = () => {
      const again = !first;
      first = false;
      return this.#look(lockfile, again);
    };
    return yield* waitUntil(lockfile.path, this.#limits, { look, timedOut: (holder) => this.#refusal(holder) });
  }

  /** Tries the lock, but for the first time, when it was just tried; then finds out who holds it. */
  *#look(lockfile: Lockfile, again: boolean): Steps<Look<boolean>> {
    if (again && !lockfile.isInPlace()) return { result: false };
    if (again && lockfile.tryLock()) return { result: true };
    let holder = this.#readHolder();
    if (this.#request.breakStale && holder.liveness !== "alive") {
      // Who was just alive is releasing, and has withdrawn its pidfile already: no reason to warn.
      if (!this.#sawAlive) this.#warn(holder);
      if (yield* tryPastReaders(lockfile)) return { result: true };
      holder = this.#readHolder();
    }
    this.#sawAlive = holder.liveness === "alive";
    return { holder };
  }

  #readHolder(): Holder {
    return readHolder(this.#libc, this.#request.dataDir);
  }

  #warn(holder: Holder): void {
    if (this.#warned) return;
    this.#warned = true;
    const { dataDir, onStale } = this.#request;
    if (onStale === undefined) warnStale(dataDir, holder);
    else onStale(holder);
  }

  #refusal(holder: Holder): LockHeldError {
    const { dataDir, breakStale } = this.#request;
    const fields = { dataDir, holder, waitedMs: this.#limits.waitedMs };
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
  console.warn(`The lock of ${printableJson(dataDir)} looks stale: ${who}; trying again`);
}
