import { ChannelClosedError } from "../channel_errors.ts";
import type { Message, MessageType } from "../protocol/messages.ts";
import { negotiate } from "../protocol/version.ts";
import { HELLO_MS, SILENCE_MS } from "../timeouts.ts";
import { expect, hear, type MessageOf, settled } from "./hear.ts";
import { describeFailure, IncumbentDied, SwapFailure } from "./swap_failure.ts";
import type { Channel, Incumbent } from "./swap_parties.ts";

/** How long the news of a death may come after an end of file, in milliseconds; later, the process counts as living. */
export const DEATH_NEWS_MS = 1_000;

/** How much longer than its grace a drain may take, in milliseconds: handlers that are told to end get a second of it. */
const DRAIN_SLACK_MS = 3_000;

/** How often an incumbent that resumes is looked for, in milliseconds. */
const RESUME_POLL_MS = 50;

/**
 * The supervisor's side of the incumbent's session. What a dead incumbent makes fail rejects with
 * {@linkcode IncumbentDied}: "dead" is reaped, or told by a pidfd, and never an end of file alone, since a living
 * incumbent may close a session.
 */
export class IncumbentSession {
  readonly #incumbent: Incumbent;
  readonly #handoffId: string;
  readonly #died = new AbortController();
  #channel?: Channel | undefined;
  /** Whether it has been asked to drain, and has not said that it resumes by itself. */
  #mustResume = false;
  #asked = false;

  constructor(incumbent: Incumbent, handoffId: string) {
    this.#incumbent = incumbent;
    this.#handoffId = handoffId;
    incumbent.ended.then(() => this.#died.abort(new IncumbentDied()));
  }

  /** Opens the session; rejects where another process answers, or nobody within `timeout` milliseconds. */
  async open(signal: AbortSignal, timeout: number = HELLO_MS): Promise<void> {
    this.#died.signal.throwIfAborted();
    await this.#asLongAsItLives("Hello", async () => {
      this.#channel = await this.#incumbent.connect();
    });
    const hello = await this.#hear("Hello", timeout, signal);
    if (hello.role !== "incumbent" || hello.pid !== this.#incumbent.pid) {
      throw new SwapFailure(
        `process ${hello.pid} answers as ${hello.role} where the incumbent, process ${this.#incumbent.pid}, should`,
      );
    }
    await this.#tell({ type: "HelloAck", protoVersionChosen: negotiate(hello), handoffId: this.#handoffId });
  }

  /**
   * Has it stop accepting and finish what is in flight, within `drainGraceMs` and `deadlineMs`; what it says is waited
   * for no longer than `timeout`, all in milliseconds.
   */
  async drain(terms: {
    readonly successorPid: number;
    readonly deadlineMs: number;
    readonly drainGraceMs: number;
    readonly timeout: number;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { successorPid, deadlineMs, drainGraceMs, signal } = terms;
    this.#asked = this.#mustResume = true;
    await this.#tell({
      type: "PrepareHandoff",
      handoffId: this.#handoffId,
      successorPid,
      deadlineMs: BigInt(Math.ceil(deadlineMs)),
      drainGraceMs: BigInt(Math.ceil(drainGraceMs)),
    });
    const timeout = Math.min(terms.timeout, drainGraceMs + DRAIN_SLACK_MS);
    await this.#hear("Drained", timeout, signal);
  }

  /** Has it flush and close its state; resolves to the revisions that it sealed. */
  async seal({ timeout, signal }: { timeout: number; signal: AbortSignal }): Promise<readonly bigint[]> {
    await this.#tell({ type: "SealRequest", handoffId: this.#handoffId });
    return (await this.#hear("SealComplete", timeout, signal)).lastRevisionPerShard;
  }

  /** Tells it that its successor serves; whether that arrives changes nothing. */
  async commit(): Promise<void> {
    await this.#channel?.send({ type: "Commit", handoffId: this.#handoffId }).catch(() => {});
    this.#channel?.[Symbol.dispose]();
  }

  /** Has it resume where it must, and resolves to whether it serves within `withinMs`. The successor must be dead. */
  async resume(withinMs: number): Promise<boolean> {
    if (this.#mustResume) {
      await this.#channel?.send({ type: "ResumeAfterAbort", handoffId: this.#handoffId }).catch(() => {});
    }
    this.#channel?.[Symbol.dispose]();
    return this.#asked ? await this.#saysHello(withinMs) : !await this.#isDead(0);
  }

  /** ResumeAfterAbort has no answer; but an incumbent says Hello again only when it has resumed. */
  async #saysHello(withinMs: number): Promise<boolean> {
    const { signal } = this.#died;
    for (const end = performance.now() + withinMs; !signal.aborted && performance.now() < end;) {
      try {
        using channel = await this.#incumbent.connect();
        const hello = await channel.receive({ timeout: Math.max(1, end - performance.now()), signal });
        if (hello?.type === "Hello" && hello.pid === this.#incumbent.pid) return true;
      } catch {
        // It has not got there yet, or it has died.
      }
      await settled(this.#incumbent.ended, RESUME_POLL_MS);
    }
    return false;
  }

  async #hear<Type extends MessageType>(type: Type, timeout: number, signal: AbortSignal): Promise<MessageOf<Type>> {
    const limits = {
      timeout,
      silence: SILENCE_MS,
      signal: AbortSignal.any([this.#died.signal, signal]),
    };
    return await this.#asLongAsItLives(type, async () => {
      const message = await hear(this.#channel!, limits);
      signal.throwIfAborted();
      if (message.type !== "SealFailed") return expect(type, message, this.#handoffId);
      // It goes on with what it has, or has begun to resume.
      this.#mustResume = false;
      throw new SwapFailure(`the incumbent could not ${type === "Drained" ? "drain" : "seal"}: ${message.error}`);
    }, signal);
  }

  async #tell(message: Message): Promise<void> {
    await this.#asLongAsItLives(message.type, () => this.#channel!.send(message));
  }

  async #asLongAsItLives<T>(about: MessageType, talk: () => Promise<T>, interrupted?: AbortSignal): Promise<T> {
    try {
      return await talk();
    } catch (error) {
      interrupted?.throwIfAborted();
      if (error instanceof SwapFailure) throw error;
      if (await this.#isDead(error instanceof ChannelClosedError || about === "Hello" ? DEATH_NEWS_MS : 0)) {
        throw new IncumbentDied();
      }
      throw new SwapFailure(`the incumbent failed at ${about}: ${describeFailure(error)}`, { cause: error });
    }
  }

  async #isDead(patienceMs: number): Promise<boolean> {
    await settled(this.#incumbent.ended, patienceMs);
    return this.#died.signal.aborted;
  }
}
