import type { ClaimMutant } from "./claim_mutant.ts";

const ACQUIRE = "lock/held_lock.ts";
const LOCKFILE = "lock/lockfile.ts";
const PIDFILE = "lock/pidfile.ts";
const LOSS = "lock/loss.ts";
const TAKE = "lock/acquire.ts";

/** Each takes a lock, or gives it back, with a mistake that no torture finds, or not at once. */
export const CLAIM_MUTANTS: readonly ClaimMutant[] = [
  {
    name: "does not compare the inodes of its two opens",
    edits: [
      { file: LOCKFILE, from: "if (!sameInode(second.stat, this.inode)) return false;", to: "" },
      // The look before the rename would find it, too.
      { file: "lock/loss.ts", from: "if (loss !== undefined) throw loss;", to: "" },
    ],
    test: "lock/replaced_lockfile",
    claim: "acquire() is refused when the lockfile put in place between open and flock is held by another",
    says: "Expected function to reject",
    invariants: [3],
  },
  {
    name: "believes a flock without a proof",
    edits: [{ file: TAKE, from: "lockfile.excludesOthers()", to: "true" }],
    test: "lock/replaced_lockfile",
    claim: "acquire() refuses a filesystem whose flock excludes nobody, and leaves the pidfile that is there",
    says: "Expected function to reject",
    invariants: [3],
  },
  {
    name: "removes the pidfile whomever it names",
    edits: [{
      file: PIDFILE,
      from: "if (parse(readStart(path)) === Deno.pid) unlinkSync(path);",
      to: "unlinkSync(path);",
    }],
    test: "lock/withdrawal",
    claim: "release() leaves a pidfile that names another process",
    says: "/.handoff.pidfile'",
    invariants: [4],
  },
  {
    name: "keeps its flock when it cannot publish",
    edits: [
      { file: ACQUIRE, from: "resources.use(yield* acquireLockfile(", to: "(yield* acquireLockfile(" },
      { file: ACQUIRE, from: "resources.defer(() => lockfile.unlock());", to: "" },
      {
        file: ACQUIRE,
        from: "const lock = new HeldLock(path, lockfile, resources);",
        to: "resources.use(lockfile); const lock = new HeldLock(path, lockfile, resources);",
      },
    ],
    test: "lock/bad_pidfile_kind",
    claim: "acquire() fails where the pidfile is a directory, leaves it standing and frees the lock",
    says: "-   false\n+   true",
    invariants: [5],
  },
  {
    name: "leaves the temporary file of a failure",
    edits: [{ file: PIDFILE, from: "    unlinkOurs(temporary, file);", to: "" }],
    test: "lock/publish",
    claim: "a temporary pidfile that cannot be renamed is gone, and what stands in the way stays",
    says: '-     ".handoff.pidfile.tmp"',
    invariants: [5],
  },
  {
    name: "does not put the earlier pidfile back after a failure",
    edits: [{ file: PIDFILE, from: "yield* restorePidfile(directory, { before, ours, requireHeld });", to: "" }],
    test: "lock/publish",
    claim: "a pidfile of a dead process stands again when the new one cannot be made durable",
    says: '+     "4194304\\n"',
    invariants: [5],
  },
  {
    name: "unlinks the lockfile to break a stale lock",
    edits: [{
      file: TAKE,
      from: "if (!this.#sawAlive) this.#warn(holder);",
      to: "this.#warn(holder); Deno.removeSync(lockfile.path); return { result: false };",
    }],
    test: "lock/stale_break",
    claim: "acquireOrBreakStale() is refused when the named holder is dead and another program holds the flock",
    says: '-   undefined\n+   "StaleLockBreakRefusedError"',
    invariants: [2, 6],
  },
  {
    name: "hands any number to kill",
    edits: [{
      file: "ffi/kill.ts",
      from: "return Number.isInteger(pid) && pid >= 1 && pid <= MAX_PID;",
      to: "return true;",
    }],
    test: "ffi/kill",
    claim: 'a pidfile that holds "2147483648" never reaches kill',
    says: "-     pid: 2147483648",
    invariants: [7],
  },
  {
    name: "does not listen for the end of its program",
    edits: [{ file: ACQUIRE, from: "    lock.#withdrawOnUnload();", to: "" }],
    test: "lock/death",
    claim: "no pidfile stays behind when the holder called Deno.exit() inside its `await using` block",
    says: '-     ".handoff.pidfile"',
    invariants: [8],
  },
  {
    name: "verifies the directory only",
    edits: [{ file: LOSS, from: 'if (!sameInode(lockfile, this.#lockfile)) return "lockfile-replaced";', to: "" }],
    test: "lock/verify",
    claim: 'verify() throws "lockfile-replaced" after another file is renamed over the lockfile',
    says: "Expected function to throw",
    invariants: [13],
  },
  {
    name: "verifies the lockfile only",
    edits: [{
      file: LOSS,
      from: 'if (!sameInode(this.#directory, directory)) return "directory-replaced";',
      to: "",
    }],
    test: "lock/verify",
    claim: 'verify() throws "directory-replaced" after the directory is renamed and a new one made, into which the ' +
      "lockfile is moved",
    says: "Expected function to throw",
    invariants: [13],
  },
  {
    name: "removes the pidfile of who has the lock that it lost",
    edits: [{
      file: ACQUIRE,
      from: "!this.#lockfile.passed && this.#lockfile.isInPlace()",
      to: "!this.#lockfile.passed",
    }],
    test: "lock/lost_release",
    claim: "the release of a lock leaves what another process locked after the lockfile is deleted",
    says: '+     ".handoff.pidfile"',
    invariants: [4, 13],
  },
  {
    name: "refuses no network filesystem",
    edits: [{ file: TAKE, from: "if (!network || allowNetworkFilesystem) return;", to: "return;" }],
    test: "lock/network_filesystem",
    claim: "a directory on nfs (0x6969) is refused, with what to do instead, and left as it was",
    says: "Expected function to throw",
    invariants: [15],
    needs: ["linux"],
  },
  {
    name: "makes its lockfile before it has looked at the filesystem",
    edits: [{
      file: TAKE,
      from: "const directory = opened.use(new DataDir(libc, dataDir));",
      to: "const directory = opened.use(new DataDir(libc, dataDir)); opened.use(Lockfile.create(libc, dataDir));",
    }],
    test: "lock/network_filesystem",
    claim: "a directory on a network filesystem that does not exist yet is refused without a lockfile",
    says: '-     ".handoff.lock"',
    invariants: [15],
  },
  {
    name: "compares inode numbers without their devices",
    edits: [{ file: "lock/file.ts", from: " && a.dev === b.dev", to: "" }],
    test: "lock/verify",
    claim:
      'verify() throws "directory-replaced" after something with the same inode number is mounted over the directory',
    says: '+     "LockLostError"',
    invariants: [3, 13],
    needs: ["mount"],
  },
  {
    name: "takes any errno for the one that it provoked",
    edits: [{ file: "ffi/libc.ts", from: "if (probed === -errnoTable(loader.os).EBADF)", to: "if (probed < 0)" }],
    test: "ffi/libc",
    claim: "where errno is not that of the failure that was provoked, locking is unsupported",
    says: "Expected function to throw",
    invariants: [1],
  },
  {
    name: "takes inode numbers beyond 2^53 as the runtime rounds them",
    edits: [{
      file: "lock/file.ts",
      from: "if (!Number.isSafeInteger(ino) || !Number.isSafeInteger(dev)) return exactInode(file);",
      to: "",
    }],
    test: "lock/file",
    claim: "on a filesystem whose inode numbers are beyond 2^53, a replaced lockfile is noticed",
    says: "LockLostError",
    invariants: [3, 13],
    needs: ["linux", "mount"],
  },

  {
    name: "does not flush its pidfile",
    edits: [{ file: PIDFILE, from: "yield file.flush(directory.filesystem);", to: "" }],
    test: "lock/event_loop",
    claim: "acquire() flushes to the disk, but not on the thread of the event loop",
    says: '+     ".handoff.pidfile.tmp"',
    invariants: [4],
    needs: ["strace"],
  },
  {
    name: "does not flush its directory",
    edits: [{ file: PIDFILE, from: "      yield directory.flush();", to: "" }],
    test: "lock/event_loop",
    claim: "acquire() flushes to the disk, but not on the thread of the event loop",
    says: '+     "."',
    invariants: [4],
    needs: ["strace"],
  },
  {
    name: "takes the start of a pidfile for the whole",
    edits: [{ file: PIDFILE, from: "if (text.length === LONGEST_PIDFILE) return undefined;", to: "" }],
    test: "lock/bad_pidfile",
    claim:
      "a pidfile that holds a pid and more white space than anybody writes names nobody, and a contender leaves it alone",
    says: "-     pid: 1",
    invariants: [7],
  },
  {
    name: "calls a holder stale that is just leaving",
    edits: [{ file: TAKE, from: "if (!this.#sawAlive) this.#warn(holder);", to: "this.#warn(holder);" }],
    test: "lock/wait_event",
    claim: "a holder that was alive at the last look, and has withdrawn its pidfile, is not called stale",
    says: '-       liveness: "unknown"',
    invariants: [6, 7],
    needs: ["linux"],
  },
  {
    name: "is kept by the command line alone, and not by its command",
    edits: [{ file: "cli/run.ts", from: "  using _ = lock.shareWithChildren();\n", to: "" }],
    test: "cli/inheritance",
    claim: "the command of a run that was killed with SIGKILL still excludes others",
    says: '+   "LockHeldError"',
    invariants: [9],
  },
];
