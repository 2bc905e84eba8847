import type { ClaimMutant } from "./claim_mutant.ts";

const LOCKFILE = "lock/lockfile.ts";

/** Each passes a lock, or adopts one, with a mistake that makes two writers, or leaks. */
export const PASSAGE_MUTANTS: readonly ClaimMutant[] = [
  {
    name: "unlocks what it has passed",
    edits: [{ file: LOCKFILE, from: "if (this.#shared || this.#passed) return;", to: "if (this.#shared) return;" }],
    test: "lock/passage",
    claim: "a release while the lock is on its way leaves it to the receiver",
    says: "-     true,\n+     false,",
    invariants: [17],
    needs: ["linux"],
  },
  {
    name: "marks a lock as passed only after it was sent",
    edits: [
      { file: LOCKFILE, from: "this.#passed = true;", to: "" },
    ],
    test: "lock/passage",
    claim: "a release while the lock is on its way leaves it to the receiver",
    says: "/.handoff.pidfile'",
    invariants: [17],
    needs: ["linux"],
  },
  {
    name: "removes the pidfile of a lock that it has passed",
    edits: [{ file: "lock/held_lock.ts", from: "!this.#lockfile.passed && ", to: "" }],
    test: "lock/passage",
    claim: "a release while the lock is on its way leaves it to the receiver",
    says: "/.handoff.pidfile'",
    invariants: [17],
    needs: ["linux"],
  },
  {
    name: "does not take the mark back when nothing was sent",
    edits: [{ file: LOCKFILE, from: "this.#passed = sent;", to: "" }],
    test: "lock/passage",
    claim: "a lock is held as before when what should pass it sends nothing",
    says: '-       ".handoff.pidfile"',
    invariants: [17],
  },
  {
    name: "adopts a descriptor without its flock",
    edits: [{ file: "lock/adopt.ts", from: "if (!lockfile.tryLock()) {", to: "if (false) {" }],
    test: "lock/adopt",
    claim: "adopt() refuses a descriptor of the lockfile that another program has locked, and leaves it locked",
    says: "Expected function to reject",
    invariants: [17],
    needs: ["linux"],
  },
  {
    name: "does not compare what it received with the file at the path",
    edits: [{
      file: LOCKFILE,
      from: "if (!received.replace(lockfile.#file.fd) || !sameInode(lockfile.#file.stat, inPlace)) return undefined;",
      to: "received.replace(lockfile.#file.fd);",
    }, { file: "lock/adopt.ts", from: "if (!lockfile.excludesOthers())", to: "if (false)" }],
    test: "lock/adopt",
    claim: "adopt() refuses and closes a descriptor of another file, and leaves the directory unchanged",
    says: 'but was "LockLostError"',
    invariants: [17],
    needs: ["linux"],
  },
  {
    name: "keeps the number that it received",
    edits: [{ file: "ffi/received_descriptor.ts", from: "if (this.#open) this.#calls.close(this.fd);", to: "" }],
    test: "lock/adopt",
    claim: "adopt() leaves one descriptor of the lock, and closes the one that was received",
    says: "-     2,\n-     true,",
    invariants: [17],
    needs: ["linux"],
  },
  {
    name: "lets children inherit what it adopted",
    edits: [{ file: "ffi/received_descriptor.ts", from: "target, O_CLOEXEC", to: "target, 0" }],
    test: "lock/adopt",
    claim: "a lock that was adopted is close-on-exec",
    says: "-   0\n+   524288",
    invariants: [17],
    needs: ["linux"],
  },
];
