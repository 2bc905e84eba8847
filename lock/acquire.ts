import { printableJson } from "../ffi/printable.ts";
import { LockUnsupportedError } from "../ffi/errors.ts";
import type { Filesystem } from "../ffi/filesystem.ts";
import type { Libc } from "../ffi/libc.ts";
import { DataDir } from "./data_dir.ts";
import { LockHeldError, StaleLockBreakRefusedError } from "./errors.ts";
import { type Holder, READER, readHolder, withZombie } from "./holder.ts";
import { Lockfile, MAX_READER_TRIES, type Obstacle } from "./lockfile.ts";
import type { AcquireRequest } from "./options.ts";
import { readPidfile } from "./pidfile.ts";
import { sleep, type Steps } from "./sync_or_async.ts";
import { type Look, WaitLimits, waitUntil } from "./wait.ts";

/** A lockfile that is replaced as often as this while it is being locked is replaced on purpose. */
const MAX_REPLACEMENTS = 10;

/** Opens the lockfile, takes its flock, and proves that this excludes others. The caller disposes of it. */
export function* acquireLockfile(contender: Contender): Steps<Lockfile> {
  const { libc, request } = contender;
  const { dataDir } = request;
  for (let replacements = 0; replacements < MAX_REPLACEMENTS;) {
    using opened = new DisposableStack();
    const lockfile = opened.use(openLockfile(libc, request));
    // While it is held, only the time limits how often it may be replaced.
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
export class Contender {
  readonly libc: Libc;
  readonly request: AcquireRequest;
  readonly #limits: WaitLimits;
  #warned = false;
  #sawAlive = false;

  constructor(libc: Libc, request: AcquireRequest) {
    this.libc = libc;
    this.request = request;
    this.#limits = new WaitLimits(request);
  }

  /** Locks the file, if need be after waiting. False when it was replaced meanwhile; throws when the time is up. */
  *obtain(lockfile: Lockfile): Steps<boolean> {
    const met = yield* tryPastReaders(lockfile);
    if (met === undefined) return true;
    let known: Obstacle | undefined = met;
    const look = () => {
      const just = known;
      known = undefined;
      return this.#look(lockfile, just);
    };
    return yield* waitUntil(lockfile.path, this.#limits, {
      look,
      timedOut: (holder) => this.#refusal(lockfile, holder),
    });
  }

  /** Tries the lock, unless it is known who is `met` there; then finds out who holds it. */
  *#look(lockfile: Lockfile, met?: Obstacle): Steps<Look<boolean>> {
    if (met === undefined) {
      if (!lockfile.isInPlace()) return { result: false };
      met = lockfile.tryOrMeet();
      if (met === undefined) return { result: true };
    }
    let holder = this.#holderOf(lockfile, met);
    if (this.request.breakStale && met === "writer" && holder.liveness !== "alive") {
      // Who was just alive is releasing, and has withdrawn its pidfile already: no reason to warn.
      if (!this.#sawAlive) this.#warn(holder);
      met = yield* tryPastReaders(lockfile);
      if (met === undefined) return { result: true };
      holder = this.#holderOf(lockfile, met);
    }
    this.#sawAlive = holder.liveness === "alive";
    return { holder };
  }

  #holderOf(lockfile: Lockfile, met: Obstacle): Holder {
    return met === "reader" ? READER : readHolder(this.libc, this.request.dataDir, lockfile.inode);
  }

  #warn(holder: Holder): void {
    if (this.#warned) return;
    this.#warned = true;
    const { dataDir, onStale } = this.request;
    if (onStale === undefined) warnStale(dataDir, holder);
    else onStale(holder);
  }

  #refusal(lockfile: Lockfile, holder: Holder): LockHeldError {
    const { dataDir, breakStale } = this.request;
    const fields = {
      dataDir,
      holder: withZombie(holder),
      waitedMs: this.#limits.waitedMs,
      ...holder.pid === undefined && { pidfile: readPidfile(dataDir).state },
      links: lockfile.links,
    };
    return breakStale ? new StaleLockBreakRefusedError(fields) : new LockHeldError(fields);
  }
}

/** Tries the lock; an inspection that is in the way for microseconds is no reason to refuse. */
function* tryPastReaders(lockfile: Lockfile): Steps<Obstacle | undefined> {
  for (let tries = 0; tries < MAX_READER_TRIES; tries++) {
    const met = lockfile.tryOrMeet();
    if (met !== "reader") return met;
    yield sleep(1);
  }
  return "reader";
}

function warnStale(dataDir: string, { pid, liveness }: Holder): void {
  const who = liveness === "dead" ? `its holder, process ${pid}, is dead` : "its holder is unknown";
  console.warn(`The lock of ${printableJson(dataDir)} looks stale: ${who}; trying again`);
}
