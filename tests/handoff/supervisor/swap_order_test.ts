import { assert, assertEquals } from "@std/assert";
import type { Exit } from "../../../handoff/os.ts";
import type { Message } from "../../../handoff/protocol/messages.ts";
import { swap, type SwapResult } from "../../../handoff/supervisor/swap.ts";
import type { Channel, SwapParties, SwapTerms } from "../../../handoff/supervisor/swap_parties.ts";
import { claim } from "../../support/claim.ts";

/** Longer than the deadline of a handoff that must not commit. */
const LATE_MS = 60;
const SHORT_DEADLINE_MS = 50;
const INCUMBENT = 100;
const SUCCESSOR = 200;
const ID = "00112233-4455-6677-8899-aabbccddeeff";

/** Two daemons that answer by the book, and everything that is done to them, in order. */
class Stage {
  readonly steps: string[] = [];
  /** Whether no journal can be begun. */
  fullDisk = false;
  readonly incumbentEnded: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #answers: Readonly<Partial<Record<Message["type"], Message | undefined>>>;

  /** `answers` replaces what is answered to a message; undefined closes the stream. */
  constructor(answers: Readonly<Partial<Record<Message["type"], Message | undefined>>> = {}) {
    this.#answers = answers;
  }

  async swap(terms: Partial<SwapTerms> = {}): Promise<SwapResult> {
    const ended = Promise.withResolvers<Exit>();
    const parties: SwapParties = {
      incumbent: {
        pid: INCUMBENT,
        ended: this.incumbentEnded.promise,
        connect: () => Promise.resolve(this.#channel("O", hello("incumbent", INCUMBENT))),
      },
      spawn: () => {
        this.steps.push("spawn");
        return {
          pid: SUCCESSOR,
          channel: this.#channel("N", hello("successor", SUCCESSOR)),
          ended: ended.promise,
          kill: () => {
            this.steps.push("kill N");
            ended.resolve({ signal: 9 });
            return ended.promise.then(() => void this.steps.push("N is reaped"));
          },
        };
      },
      journal: {
        begin: ({ phase }) => {
          if (this.fullDisk) return Promise.reject(new Error("No space left on device"));
          return Promise.resolve(void this.steps.push(`journal ${phase}`));
        },
        write: ({ phase }) => Promise.resolve(void this.steps.push(`journal ${phase}`)),
        clear: () => Promise.resolve(void this.steps.push("journal cleared")),
      },
      report: () => {},
    };
    const { signal } = new AbortController();
    return await swap(parties, {
      handoffId: ID,
      deadlineMs: 60_000,
      drainGraceMs: 1_000,
      resumeMs: 60_000,
      cancelled: signal,
      ...terms,
    });
  }

  /** The message that cannot be sent. */
  unheard?: Message["type"];
  /** The message whose answer takes {@linkcode LATE_MS}. */
  late?: Message["type"];
  /** The time that the incumbent is given for its drain, in milliseconds. */
  drainDeadlineMs?: number;

  /** What was done and said, without the journal. */
  get order(): string[] {
    return this.steps.filter((step) => !step.startsWith("journal"));
  }

  #channel(who: "O" | "N", first: Message): Channel {
    const inbox: (Message | undefined)[] = [first];
    let delay: Promise<void> | undefined;
    return {
      send: (message) => {
        if (message.type === this.unheard) return Promise.reject(new Error("EPIPE"));
        this.steps.push(`${message.type} to ${who}`);
        if (message.type === "PrepareHandoff") this.drainDeadlineMs = Number(message.deadlineMs);
        if (message.type === this.late) delay = new Promise((resolve) => setTimeout(resolve, LATE_MS));
        const answer = message.type in this.#answers ? this.#answers[message.type] : ANSWERS[message.type];
        if (message.type in this.#answers || answer !== undefined) inbox.push(answer);
        return Promise.resolve();
      },
      receive: () =>
        delay !== undefined
          ? delay.then(() => inbox.shift())
          : inbox.length > 0
          ? Promise.resolve(inbox.shift())
          : Promise.withResolvers<undefined>().promise,
      [Symbol.dispose]: () => void this.steps.push(`close ${who}`),
    };
  }
}

function hello(role: "incumbent" | "successor", pid: number): Message {
  return { type: "Hello", role, pid, buildId: new Uint8Array(), protoMin: 1, protoMax: 1, capabilities: 0n };
}

const READY: Message & { type: "Ready" } = {
  type: "Ready",
  handoffId: ID,
  listeningOn: [],
  healthzOk: true,
  advertisedRevisionPerShard: [],
};

const ANSWERS: Readonly<Partial<Record<Message["type"], Message>>> = {
  PrepareHandoff: { type: "Drained", openConnsRemaining: 0, acceptClosed: true },
  SealRequest: {
    type: "SealComplete",
    handoffId: ID,
    lastRevisionPerShard: [],
    dataDirFingerprint: new Uint8Array(32),
  },
  Begin: READY,
};

claim(
  "Begin is sent after SealComplete, Commit after Ready, and the successor is heard before the incumbent is asked",
  async () => {
    const stage = new Stage();
    assertEquals((await stage.swap()).outcome, "committed");
    assertEquals(stage.order, [
      "spawn",
      "HelloAck to N",
      "HelloAck to O",
      "PrepareHandoff to O",
      "SealRequest to O",
      "Begin to N",
      "Commit to O",
      "close O",
      "close N",
    ]);
  },
);

claim(
  "a rollback kills the successor, reaps it, then tells the incumbent, and closes its session only after that",
  async () => {
    const stage = new Stage({ Begin: { ...READY, healthzOk: false } });
    assertEquals((await stage.swap()).outcome, "rolled-back");
    const rollback = stage.order.slice(stage.order.indexOf("Begin to N") + 1, -1);
    assertEquals(rollback, ["Abort to N", "kill N", "N is reaped", "close N", "ResumeAfterAbort to O", "close O"]);
  },
);

claim("an incumbent that cannot be told of Commit does not take its successor down", async () => {
  const stage = new Stage();
  stage.unheard = "Commit";
  assertEquals((await stage.swap()).outcome, "committed");
  assertEquals(stage.order.filter((step) => step === "kill N"), []);
});

claim("the journal names each step in order, and is gone after a commit", async () => {
  const stage = new Stage();
  await stage.swap();
  assertEquals(stage.steps.filter((step) => step.startsWith("journal")), [
    "journal negotiating",
    "journal draining",
    "journal sealing",
    "journal awaiting-ready",
    "journal cleared",
  ]);
});

claim("a handoff whose journal cannot be begun is rolled back before the incumbent is asked to drain", async () => {
  const stage = new Stage();
  stage.fullDisk = true;
  const { outcome, ...result } = await stage.swap();
  assertEquals({ outcome, reason: "reason" in result && result.reason }, {
    outcome: "rolled-back",
    reason: "No space left on device",
  });
  assertEquals(stage.order.filter((step) => /PrepareHandoff|SealRequest|Begin/.test(step)), []);
});

claim("the journal is gone after a rollback, wherever it began", async () => {
  for (const type of ["PrepareHandoff", "SealRequest", "Begin"] as const) {
    const stage = new Stage({ [type]: undefined });
    assertEquals((await stage.swap()).outcome, "rolled-back");
    assertEquals(stage.steps.findLast((step) => step.startsWith("journal")), "journal cleared");
  }
});

claim("nothing is sent to the incumbent in a rehearsal, and the successor is killed", async () => {
  const stage = new Stage();
  assertEquals((await stage.swap({ check: true })).outcome, "rehearsed");
  assertEquals(stage.order, ["spawn", "HelloAck to N", "Abort to N", "kill N", "N is reaped", "close N"]);
});

claim("a handoff that is called off before it begins starts nothing", async () => {
  const stage = new Stage();
  assertEquals((await stage.swap({ cancelled: AbortSignal.abort(new Error("no")) })).outcome, "rolled-back");
  assertEquals(stage.order, []);
});

claim("a message that is not its turn is a rollback that names it", async () => {
  const stage = new Stage({ PrepareHandoff: ANSWERS.SealRequest });
  const result = await stage.swap();
  assertEquals(
    "reason" in result && result.reason,
    "the incumbent failed at Drained: it said SealComplete where Drained was expected",
  );
});

claim("an end of the incumbent's stream is no death: nobody begins beside it", async () => {
  const stage = new Stage({ SealRequest: undefined });
  assertEquals((await stage.swap()).outcome, "rolled-back");
  assertEquals(stage.order.includes("Begin to N"), false);
});

claim("the death of the incumbent lets the waiting successor begin", async () => {
  const stage = new Stage({ SealRequest: undefined });
  stage.incumbentEnded.resolve();
  assertEquals((await stage.swap()).outcome, "committed");
  assertEquals(stage.order.includes("Begin to N"), true);
});

for (const type of ["PrepareHandoff", "SealRequest", "Begin"] as const) {
  claim(`a handoff whose time is over when ${type} is answered is not committed`, async () => {
    const stage = new Stage();
    stage.late = type;
    const result = await stage.swap({ deadlineMs: SHORT_DEADLINE_MS });
    assertEquals("reason" in result && result.reason, "it took longer than 0.05 s");
    assertEquals(stage.order.includes("Commit to O"), false);
    assertEquals(stage.order.includes("Begin to N"), type === "Begin");
  });
}

claim("a drain leaves a share of the time to the seal and the open", async () => {
  const stage = new Stage();
  await stage.swap({ deadlineMs: 8_000, drainGraceMs: 60_000 });
  assert(stage.drainDeadlineMs! <= 6_000, `${stage.drainDeadlineMs} ms`);
});
