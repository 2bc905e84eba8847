import type { Requirement } from "../support/claim.ts";
import type { Edit } from "./mutant.ts";

/** A lock that is broken on purpose, to prove that the torture can fail. */
export interface Mutant {
  /** "a lock that …" */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The promise that the torture says it broke. */
  readonly caughtBy: string;
  /** Whether that is seen only when the torture has come to its end. */
  readonly atTheEnd?: true;
  /** The invariants of ARCHITECTURE.md that it proves. */
  readonly invariants: readonly number[];
  readonly needs?: readonly Requirement[];
}

const UNLOCKED_FIRST = "resources.defer(() => lockfile.unlock());";
const WITHDRAWN_FIRST = "resources.defer(() => lock.#withdraw());";
const ALIVE = "liveness: livenessOf(libc, pid)";
const YOUNG =
  "liveness: Date.now() - Number(Deno.statSync(`${dataDir}/.handoff.pidfile`).mtime) < 3 ? 'alive' : 'dead'";

/** Nothing stands between two writers. */
export const LOCKS_NOTHING: Mutant = {
  name: "skips the flock, and the proof that it excludes others",
  edits: [
    {
      file: "lock/lockfile.ts",
      from: "return this.#locked = tryFlock(this.#libc, this.#file.fd, { path: this.path });",
      to: "return true;",
    },
    { file: "lock/acquire.ts", from: "lockfile.excludesOthers()", to: "true" },
  ],
  caughtBy: "two held the lock at once",
  invariants: [1, 3],
};

/** Each has a mistake that a lock could be written with, and that some were. */
export const MUTANTS: readonly Mutant[] = [
  LOCKS_NOTHING,
  {
    name: "skips the flock",
    edits: [{
      file: "ffi/flock.ts",
      from: "const result = flockUninterrupted(libc, fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);",
      to: "const result = 0 as number;",
    }],
    caughtBy: "the lock failed",
    invariants: [1, 3],
  },
  {
    name: "unlinks the lockfile on release",
    edits: [{
      file: "lock/held_lock.ts",
      from: UNLOCKED_FIRST,
      to: "resources.defer(() => { lockfile.unlock(); try { Deno.removeSync(lockfile.path); } catch { /* gone */ } });",
    }],
    caughtBy: "the lockfile is not the one that it was",
    atTheEnd: true,
    invariants: [2],
  },
  {
    name: "lets children inherit it",
    edits: [{
      file: "lock/held_lock.ts",
      from: "    lock.#withdrawOnUnload();",
      to: "    lock.#withdrawOnUnload(); lock.shareWithChildren();",
    }],
    caughtBy: "the lock is held, and all that contended for it are gone",
    atTheEnd: true,
    invariants: [8, 9],
  },
  {
    name: "removes the pidfile after unlocking",
    edits: [
      { file: "lock/held_lock.ts", from: UNLOCKED_FIRST, to: "" },
      { file: "lock/held_lock.ts", from: WITHDRAWN_FIRST, to: `${WITHDRAWN_FIRST} ${UNLOCKED_FIRST}` },
    ],
    caughtBy: "the pidfile did not name the holder",
    invariants: [4],
    // The moment between the two is too short to be met by chance.
    needs: ["strace"],
  },
  {
    name: "reads EPERM as dead",
    edits: [
      { file: "ffi/kill.ts", from: "if (result === 0 || result === -EPERM)", to: "if (result === 0)" },
      { file: "ffi/kill.ts", from: "return result === -ESRCH", to: "return result === -ESRCH || result === -EPERM" },
    ],
    caughtBy: "a live holder was called dead",
    invariants: [7],
  },
  {
    name: "calls a holder dead by the mtime of its pidfile",
    edits: [{ file: "lock/holder.ts", from: ALIVE, to: YOUNG }],
    caughtBy: "a live holder was called dead",
    invariants: [6, 7],
  },
  {
    name: "breaks a lock by the mtime of its pidfile",
    edits: [
      { file: "lock/holder.ts", from: ALIVE, to: YOUNG },
      { file: "lock/acquire.ts", from: "this.#warn(holder);", to: "return { result: true };" },
    ],
    caughtBy: "two held the lock at once",
    invariants: [6],
  },
];
