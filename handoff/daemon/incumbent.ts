import type { ControlChannel } from "../control_channel.ts";
import { ProtocolError } from "../protocol/protocol_error.ts";
import type { PrepareHandoff } from "../protocol/messages.ts";
import { checkChosenVersion, PROTO_MAX, PROTO_MIN } from "../protocol/version.ts";
import { HELLO_MS } from "../timeouts.ts";
import type { Identity } from "./identity.ts";
import type { DrainOptions, DrainReport } from "./service.ts";
import { nextStep, type SessionState } from "./session_state.ts";
import { underHeartbeats } from "./under_heartbeats.ts";

/** What is given to a successor beside the control protocol; none where the successor takes the lock by itself. */
export interface Passage extends Disposable {
  /** The state is sealed at these revisions: from now on the lock goes to the successor when it asks. */
  offer(sealed: readonly bigint[]): void;
  /** The session is over: a lock that has not gone stays here. True when it does. */
  close(): boolean;
}

/** What a session does to the daemon. */
export interface Incumbency<Given extends Passage = Passage> {
  /** Accepts nothing more and finishes what is in flight. When it rejects, the daemon still has its lock and its state. */
  drain(options: DrainOptions): Promise<DrainReport>;
  /** Closes the state. When it rejects, the state is not open any more, and the lock still held. */
  seal(): Promise<readonly bigint[]>;
  /** Gives the lock back. */
  release(): Promise<void>;
  /** Serves again: takes the lock and opens the state where they are gone. When it rejects, the daemon must end. */
  resume(reason: string): Promise<void>;
  /** Whether the supervisor said that this handoff goes on although handlers do not settle. */
  isForced(handoffId: string): boolean;
  /** The successor with this pid, if it has connected to the transfer socket. */
  handoverTo(pid: number, handoffId: string): Given | undefined;
}

/** How a session ended, and what it left. */
export interface SessionEnd<Given extends Passage = Passage> {
  /** Whether a successor has taken over. */
  readonly outcome: "closed" | "committed";
  /** What ended it before its time, if that was an error. */
  readonly error?: Error;
  /** How far the handoff was. */
  readonly state: SessionState;
  /** What the successor was given. */
  readonly handover?: Given | undefined;
  /** Until when the handoff had time, as `performance.now()` counts. */
  readonly deadline: number;
}

/** When a session may be interrupted. */
export interface SessionSignals {
  /** Aborted when the daemon is to end at once, whatever the session is about. */
  readonly now: AbortSignal;
  /** Aborted when it is to end as soon as no handoff is under way. */
  readonly idle: AbortSignal;
}

/** One session of the incumbent with a supervisor. */
export class IncumbentSession<Given extends Passage = Passage> {
  readonly #channel: ControlChannel;
  readonly #incumbency: Incumbency<Given>;
  readonly #signals: SessionSignals;
  #state: SessionState = { phase: "idle" };
  #handover?: Given | undefined;
  #deadline = performance.now();
  #fatal?: { readonly error: unknown };

  /** `channel` stays the caller's. */
  constructor(channel: ControlChannel, incumbency: Incumbency<Given>, signals: SessionSignals) {
    this.#channel = channel;
    this.#incumbency = incumbency;
    this.#signals = signals;
  }

  /**
   * Speaks with the supervisor until one side ends it. Rejects only when the daemon cannot serve again; what else goes
   * wrong ends the session, and is told by its end.
   */
  async run(identity: Identity): Promise<SessionEnd<Given>> {
    try {
      await this.#greet(identity);
      return this.#end(await this.#converse());
    } catch (error) {
      if (this.#fatal !== undefined) throw this.#fatal.error;
      if (this.#signals.now.aborted) throw error;
      const interrupted = error === this.#signals.idle.reason;
      return { ...this.#end("closed"), ...!interrupted && { error: toError(error) } };
    }
  }

  #end(outcome: "closed" | "committed"): SessionEnd<Given> {
    return { outcome, state: this.#state, handover: this.#handover, deadline: this.#deadline };
  }

  async #greet({ pid, buildId }: Identity): Promise<void> {
    await this.#channel.send({
      type: "Hello",
      role: "incumbent",
      pid,
      buildId: new TextEncoder().encode(buildId),
      protoMin: PROTO_MIN,
      protoMax: PROTO_MAX,
      capabilities: 0n,
    });
  }

  async #converse(): Promise<"closed" | "committed"> {
    const ack = await this.#channel.receive({ timeout: HELLO_MS, signal: this.#interrupt() });
    // A probe: it only wanted to know who is here.
    if (ack === undefined) return "closed";
    if (ack.type !== "HelloAck") {
      throw new ProtocolError("unexpected-message", `Cannot accept ${ack.type} now: HelloAck was expected`);
    }
    checkChosenVersion(ack);
    // Its thread takes some tens of milliseconds to start, which the drain need not wait for.
    this.#channel.prepareHeartbeats().catch(() => {});
    while (true) {
      const message = await this.#channel.receive({ signal: this.#interrupt() });
      if (message === undefined) return "closed";
      const step = nextStep(this.#state, message);
      switch (step.step) {
        case "answer-heartbeat":
          await this.#channel.send({ type: "Heartbeat", tsMs: BigInt(Date.now()) });
          break;
        case "drain":
          await this.#drain(step.request);
          break;
        case "seal":
          await this.#seal();
          break;
        case "resume":
          await this.#resume(step.reason);
          break;
        case "commit":
          return "committed";
      }
    }
  }

  /** What may end a wait: in the midst of a handoff only what cannot wait for its end. */
  #interrupt(): AbortSignal {
    const { now, idle } = this.#signals;
    return this.#state.phase === "idle" ? AbortSignal.any([now, idle]) : now;
  }

  async #drain({ handoffId, successorPid, deadlineMs, drainGraceMs }: PrepareHandoff): Promise<void> {
    const [deadline, grace] = [toTimeout(deadlineMs), toTimeout(drainGraceMs)];
    this.#deadline = performance.now() + deadline;
    const handover = this.#handover = this.#incumbency.handoverTo(successorPid, handoffId);
    // From here on a stop waits for the end of the session.
    this.#state = { phase: "draining", handoffId };
    const until = AbortSignal.timeout(Math.min(deadline, grace));
    const graceMs = Math.min(grace / 2, LAME_DUCK_MS);
    const force = this.#incumbency.isForced(handoffId);
    try {
      const report = await underHeartbeats(
        this.#channel,
        () => this.#incumbency.drain({ until, passOn: handover !== undefined, graceMs, force }),
      );
      this.#state = { phase: "drained", handoffId };
      await this.#channel.send({
        type: "Drained",
        openConnsRemaining: report.openConnections,
        acceptClosed: true,
      });
    } catch (error) {
      if (this.#state.phase === "drained") throw error;
      await this.#fail(handoffId, "drain", error);
      throw error;
    }
  }

  async #seal(): Promise<void> {
    const { handoffId } = this.#state as SessionState & { readonly handoffId: string };
    let revisions: readonly bigint[];
    try {
      revisions = await underHeartbeats(this.#channel, () => this.#incumbency.seal());
    } catch (error) {
      return await this.#fail(handoffId, "seal", error);
    }
    this.#state = { phase: "sealed", handoffId };
    // Before the supervisor can say Begin: what the successor asks for next must not be refused.
    if (this.#handover === undefined) await this.#incumbency.release();
    else this.#handover.offer(revisions);
    await this.#channel.send({
      type: "SealComplete",
      handoffId,
      lastRevisionPerShard: revisions,
      dataDirFingerprint: new Uint8Array(32),
    });
  }

  /** The supervisor learns of a failure when the daemon serves again, and not before. */
  async #fail(handoffId: string, what: "drain" | "seal", error: unknown): Promise<void> {
    const { message } = toError(error);
    await underHeartbeats(this.#channel, () => this.#resume(`the ${what} failed: ${message}`));
    await this.#channel.send({ type: "SealFailed", handoffId, error: message, partialState: "" });
  }

  async #resume(reason: string): Promise<void> {
    this.#handover?.close();
    try {
      await this.#incumbency.resume(reason);
    } catch (error) {
      this.#fatal = { error };
      throw error;
    }
    this.#handover?.[Symbol.dispose]();
    this.#handover = undefined;
    this.#state = { phase: "idle" };
  }
}

/** How long an idle connection is waited for, at most, that no successor takes. */
const LAME_DUCK_MS = 5_000;

/** The longest that a timer of the runtime can be set to. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

function toTimeout(ms: bigint): number {
  return Math.min(Number(ms), LONGEST_TIMEOUT_MS);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
