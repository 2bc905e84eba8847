import type { ClaimMutant } from "./claim_mutant.ts";

const DAEMON = "handoff/daemon";
const OWNERSHIP = `${DAEMON}/ownership.ts`;
const SUCCESSION = `${DAEMON}/succession.ts`;
const COMMON = { invariants: [], needs: ["linux"] } as const;

/** Each takes a step of a handoff too early, or not at all: two writers, a lost write, or nobody who serves. */
export const DAEMON_MUTANTS: readonly ClaimMutant[] = [
  {
    name: "lets the lock go before it is sealed",
    edits: [{
      file: `${DAEMON}/incumbent.ts`,
      from: "    // From here on a stop waits",
      to: "    handover?.offer([]);\n    // From here on a stop waits",
    }, {
      file: OWNERSHIP,
      from: "if (this.opened || this.#lock === undefined) {",
      to: "if (this.#lock === undefined) {",
    }],
    test: "handoff/daemon/transfer_peers",
    claim: "an incumbent keeps its lock until it is sealed, and after the handoff is over",
    says: "the incumbent is not sealed for this handoff",
    ...COMMON,
  },
  {
    name: "gives the lock away after the handoff is over",
    edits: [{
      file: `${DAEMON}/handover.ts`,
      from: '    this.#lock = "kept";\n    this.#peer.successor = DISMISSED;\n',
      to: "",
    }, {
      file: `${DAEMON}/handover.ts`,
      from: "    this.#peer.successor = DISMISSED;\n    this.#disposal",
      to: "    this.#disposal",
    }, {
      file: OWNERSHIP,
      from: "if (this.opened || this.#lock === undefined) {",
      to: "if (this.#lock === undefined) {",
    }],
    test: "handoff/daemon/transfer_peers",
    claim: "an incumbent keeps its lock until it is sealed, and after the handoff is over",
    says: "the handoff is over",
    ...COMMON,
  },
  {
    name: "takes a descriptor for the lock without a flock on it",
    edits: [{ file: "lock/adopt.ts", from: "if (!lockfile.tryLock()) {", to: "if (false) {" }],
    test: "handoff/daemon/transfer_peers",
    claim:
      "a successor that is answered a descriptor of the lockfile that does not hold the lock, while the incumbent has the lock, ends and opens nothing",
    says: "Ready",
    ...COMMON,
  },
  {
    name: "opens its state before it has the lock",
    edits: [
      {
        file: SUCCESSION,
        from: '  const sealed = await takeLock(daemon, link, handoffId);\n  await daemon.open("successor");\n',
        to: '  await daemon.open("successor");\n  const sealed = await takeLock(daemon, link, handoffId);\n',
      },
      {
        file: OWNERSHIP,
        from: "if (this.#lock === undefined || this.opened) throw",
        to: "if (this.opened) throw",
      },
      { file: OWNERSHIP, from: "this.#lock.verify();", to: "" },
      {
        file: OWNERSHIP,
        from: "dataDir: this.#lock.dataDir,",
        to: "dataDir: String(this.#dataDir),",
      },
    ],
    test: "handoff/daemon/transfer_peers",
    claim: "a successor that is answered that it keeps it, while the incumbent has the lock, ends and opens nothing",
    says: '-     "open",',
    ...COMMON,
  },
  {
    name: "serves again without taking its lock again",
    edits: [
      { file: `${DAEMON}/daemon.ts`, from: "if (!this.ownership.locked) await this.#relock();", to: "" },
      { file: `${DAEMON}/daemon.ts`, from: "await this.#relock().catch((error) => this.#fatal.abort(error));", to: "" },
      { file: OWNERSHIP, from: "if (this.#lock === undefined || this.opened) throw", to: "if (this.opened) throw" },
      { file: OWNERSHIP, from: "this.#lock.verify();", to: "" },
      { file: OWNERSHIP, from: "dataDir: this.#lock.dataDir,", to: "dataDir: String(this.#dataDir)," },
    ],
    test: "handoff/daemon/swap",
    claim: "an incumbent whose successor was killed after Ready opens the state anew and serves again",
    says: "-     false,",
    ...COMMON,
  },
  {
    name: "goes on with the state of before when its successor has written",
    edits: [{
      file: OWNERSHIP,
      from: "    this.#state = { value };",
      to: "    this.#state = this.#first ??= { value };",
    }, {
      file: OWNERSHIP,
      from: "  #lock?: HeldLock | undefined;",
      to: "  #first?: { readonly value: State };\n  #lock?: HeldLock | undefined;",
    }],
    test: "handoff/daemon/swap",
    claim: "an incumbent whose successor was killed after Ready opens the state anew and serves again",
    says: "-     id: 1,\n+     id: 2,",
    ...COMMON,
  },
  {
    name: "forgets to serve again",
    edits: [{ file: `${DAEMON}/incumbent.ts`, from: "await this.#incumbency.resume(reason);", to: "" }],
    test: "handoff/daemon/swap",
    claim: "an incumbent that was drained only goes on with the state that it has",
    says: "No resumed",
    ...COMMON,
  },
  {
    name: "passes on a connection with a request half read",
    edits: [{
      file: `${DAEMON}/http_connection.ts`,
      from: "return note === undefined || note === this.#noteOfArrival;",
      to: "return true;",
    }],
    test: "handoff/daemon/http/pass_on",
    claim: "a request of which 20 bytes had arrived when the drain began is finished before its connection moves",
    says: "Nothing came from the server",
    ...COMMON,
  },
  {
    name: "closes its listener in the drain",
    edits: [{
      file: `${DAEMON}/serving.ts`,
      from: "beforeDrained(this.#os, listener);",
      to: "this.#os.close(listener);",
    }],
    test: "handoff/daemon/swap",
    claim: "an incumbent that was drained only goes on with the state that it has",
    says: "No resumed",
    ...COMMON,
  },
  {
    name: "says Ready before it accepts",
    edits: [{
      file: SUCCESSION,
      from:
        '    await daemon.accept("successor");\n    if (opened.healthy) await begun.announce({ ...opened, listeningOn });\n',
      to:
        '    await begun.announce({ ...opened, listeningOn });\n    await new Promise((resolve) => setTimeout(resolve, 5_000));\n    await daemon.accept("successor");\n',
    }],
    test: "handoff/daemon/swap",
    claim: "a successor accepts before it says Ready",
    says: "-   false\n+   true",
    ...COMMON,
  },
  {
    name: "seals while a handler is at work",
    edits: [{
      file: `${DAEMON}/serving.ts`,
      from: "if (pending.length > 0 && !options.force) throw",
      to: "if (false) throw",
    }],
    test: "handoff/daemon/rollback",
    claim:
      "a handler that does not end fails the drain by name, though another handoff is forced, and the incumbent serves on",
    says: "Not SealFailed",
    ...COMMON,
  },
  {
    name: "removes the socket that its successor has renamed",
    edits: [{
      file: `${DAEMON}/sockets.ts`,
      from: "for (const { fd } of this.#files) this.#os.close(fd);",
      to: "for (const { fd, path } of this.#files) (this.#os.close(fd), Deno.removeSync(path));",
    }],
    test: "handoff/daemon/swap",
    claim: "an incumbent that was replaced leaves the control path to its successor",
    says: ".handoff.sock",
    ...COMMON,
  },
  {
    name: "takes the end of a connection for a death",
    edits: [{ file: `${DAEMON}/handover.ts`, from: "if (this.#pidfd === undefined) return;", to: "if (true) return;" }],
    test: "handoff/daemon/handover",
    claim: "a successor is gone when its pidfd says so, and not at the end of its connection",
    says: "gone",
    ...COMMON,
  },
  {
    name: "ends when its supervisor is gone by Ready",
    edits: [{
      file: `${DAEMON}/successor.ts`,
      from: "      if (error instanceof ProtocolError) throw error;\n      return false;",
      to: "      throw error;",
    }],
    test: "handoff/daemon/successor",
    claim: "a successor whose supervisor is gone by Ready is told so, and does not throw",
    says: "Channel",
    ...COMMON,
  },
  {
    name: "waits on when its supervisor is gone before Begin",
    edits: [{
      file: `${DAEMON}/successor.ts`,
      from: "  throw new DismissedError();\n}",
      to: "  return await new Promise(() => setInterval(() => {}, 1_000));\n}",
    }],
    test: "handoff/daemon/supervisor_death",
    claim: "a supervisor that dies before PrepareHandoff leaves the incumbent serving, and the successor ends",
    says: "still runs",
    ...COMMON,
  },
  {
    name: "does not put its socket files back when it serves again",
    edits: [{ file: `${DAEMON}/daemon.ts`, from: "if (this.sockets.restore()) this.transfer.start();", to: "" }],
    test: "handoff/daemon/swap",
    claim: "after a handoff that was rolled back the next one commits",
    says: ".handoff.sock",
    ...COMMON,
  },
  {
    name: "says that it is sealed before it is",
    edits: [{
      file: `${DAEMON}/incumbent.ts`,
      from: "    let revisions: readonly bigint[];\n",
      to: `    let revisions: readonly bigint[];
    await this.#channel.send({
      type: "SealComplete",
      handoffId,
      lastRevisionPerShard: [],
      dataDirFingerprint: new Uint8Array(32),
    });
`,
    }],
    test: "handoff/daemon/rollback",
    claim: "an incumbent whose seal throws says so when it serves again with the state opened anew",
    says: "SealComplete",
    ...COMMON,
  },
  {
    name: "tries once to take its lock again",
    edits: [{
      file: `${DAEMON}/daemon.ts`,
      from: "this.ownership.acquire({ timeout: RELOCK_MS })",
      to: "this.ownership.acquire({ timeout: 0 })",
    }],
    test: "handoff/daemon/supervisor_death",
    claim: "an incumbent whose lock is held when it is to serve again tries more than once",
    says: '-     "LockHeldError"',
    ...COMMON,
  },
  {
    name: "waits 2 s for a successor whose supervisor is dead",
    edits: [{
      file: `${DAEMON}/sessions.ts`,
      from: "Math.max(RELOCK_MS, deadline - performance.now())",
      to: "RELOCK_MS",
    }],
    test: "handoff/daemon/supervisor_death",
    claim:
      "an incumbent without a transfer peer, whose supervisor is dead, waits for an open that takes longer than 2 s",
    says: "-     code: 1",
    ...COMMON,
  },
  {
    name: "binds its socket files before it has the lock",
    edits: [{
      file: `${DAEMON}/run_daemon.ts`,
      from: "    await daemon.acquire({ timeout: lockTimeout",
      to: "    daemon.bindSockets();\n    await daemon.acquire({ timeout: lockTimeout",
    }],
    test: "handoff/daemon/cold_start",
    claim: "a daemon under a supervisor, whose directory is held for its lockTimeout, exits with 75 and binds nothing",
    says: '-     ".handoff.sock"',
    ...COMMON,
  },
];
