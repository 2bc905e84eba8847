import type { ClaimMutant } from "./claim_mutant.ts";

const SWAP = "handoff/supervisor/swap.ts";
const INCUMBENT = "handoff/supervisor/incumbent_session.ts";
const SUCCESSOR = "handoff/supervisor/successor_session.ts";
const TEST = { test: "handoff/supervisor/swap_order", invariants: [], needs: ["linux"] } as const;
const IN_ORDER =
  "Begin is sent after SealComplete, Commit after Ready, and the successor is heard before the incumbent is asked";
const BACK =
  "a rollback kills the successor, reaps it, then tells the incumbent, and closes its session only after that";

/** Each leaves out one of the rules of a swap that a model of it showed to be necessary. */
export const SWAP_MUTANTS: readonly ClaimMutant[] = [
  {
    ...TEST,
    name: "says Begin before the incumbent has sealed",
    edits: [{
      file: SWAP,
      from: "return await this.#incumbent.seal(",
      to: "await successor.begin(); return await this.#incumbent.seal(",
    }],
    claim: IN_ORDER,
    says: '-     "Begin to N",',
  },
  {
    ...TEST,
    name: "says Commit before the successor is ready",
    edits: [{
      file: SWAP,
      from: "const ready = await successor.ready(",
      to: "await this.#incumbent.commit(); const ready = await successor.ready(",
    }],
    claim: IN_ORDER,
    says: '-     "Commit to O",',
  },
  {
    ...TEST,
    name: "lets the successor live after a rollback",
    edits: [{ file: SUCCESSOR, from: "await this.#successor.kill();", to: "" }],
    claim: BACK,
    says: '+     "kill N",',
  },
  {
    ...TEST,
    name: "tells the incumbent to resume before the successor is dead",
    edits: [{
      file: SWAP,
      from: `    await this.#dismissSuccessor(reason);
    const serves = await this.#incumbent.resume(this.#terms.resumeMs);`,
      to: `    const serves = await this.#incumbent.resume(this.#terms.resumeMs);
    await this.#dismissSuccessor(reason);`,
    }],
    claim: BACK,
    says: '-     "ResumeAfterAbort to O",',
  },
  {
    ...TEST,
    name: "does not wait until the successor was reaped",
    edits: [{ file: SUCCESSOR, from: "await this.#successor.kill();", to: "void this.#successor.kill();" }],
    claim: BACK,
    says: '-     "close N",',
  },
  {
    ...TEST,
    name: "closes the incumbent's session before the successor is dead",
    edits: [
      {
        file: INCUMBENT,
        from: "  /** Tells it that its successor serves;",
        to: "  close() { this.#channel?.[Symbol.dispose](); }\n\n  /** Tells it that its successor serves;",
      },
      { file: SWAP, from: 'this.#clock.begin("resume");', to: 'this.#clock.begin("resume"); this.#incumbent.close();' },
    ],
    claim: BACK,
    says: '-     "close O",',
  },
  {
    ...TEST,
    name: "kills the successor when the incumbent dies at Commit",
    edits: [
      {
        file: SWAP,
        from: `    this.#guarded = undefined;
    await this.#incumbent.commit();`,
        to: `    await this.#incumbent.commit();
    this.#guarded = undefined;`,
      },
      {
        file: INCUMBENT,
        from: 'await this.#channel?.send({ type: "Commit", handoffId: this.#handoffId }).catch(() => {});',
        to: 'await this.#channel?.send({ type: "Commit", handoffId: this.#handoffId });',
      },
    ],
    claim: "an incumbent that cannot be told of Commit does not take its successor down",
    says: "-   rolled-back",
  },
  {
    ...TEST,
    name: "leaves the journal of a rollback",
    edits: [{
      file: SWAP,
      from: "    await this.#clearJournal();\n    return { outcome: serves",
      to: "    return { outcome: serves",
    }],
    claim: "the journal is gone after a rollback, wherever it began",
    says: "journal cleared",
  },
  {
    ...TEST,
    name: "takes the end of a stream for a death",
    edits: [{ file: INCUMBENT, from: "return this.#died.signal.aborted;", to: "return true;" }],
    claim: "an end of the incumbent's stream is no death: nobody begins beside it",
    says: "rolled-back",
  },
  {
    ...TEST,
    name: "does not let the successor begin when the incumbent has died",
    edits: [{ file: SWAP, from: "if (!(error instanceof IncumbentDied)) throw error;", to: "throw error;" }],
    claim: "the death of the incumbent lets the waiting successor begin",
    says: "committed",
  },
  {
    name: "starts nothing again",
    edits: [{
      file: "handoff/supervisor/supervisor.ts",
      from: "} else if (!await this.#afterDeath(exit)) return this.#finish(SERVICE_EXITS.gaveUp);",
      to: "} else break;",
    }],
    test: "handoff/supervisor/restarting",
    claim: "a program that is not there ends its supervisor with 3 after as many tries",
    says: "+   3",
    invariants: [],
    needs: ["linux"],
  },
];
