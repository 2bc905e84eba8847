import { ChannelClosedError } from "../channel_errors.ts";
import { negotiate } from "../protocol/version.ts";
import type { MessageType } from "../protocol/messages.ts";
import { expect, hear, type HearOptions, type MessageOf, settled } from "./hear.ts";
import { DEATH_NEWS_MS } from "./incumbent_session.ts";
import { describeExit, describeFailure, SwapFailure } from "./swap_failure.ts";
import type { Successor } from "./swap_parties.ts";

/** The supervisor's side of the successor's session, and the guard that kills a successor that is not to live. */
export class SuccessorSession {
  readonly pid: number;
  readonly #successor: Successor;
  readonly #handoffId: string;
  readonly #died = new AbortController();
  /** Before what it died, if it died now. */
  #until = "before it said Hello";

  constructor(successor: Successor, handoffId: string) {
    this.pid = successor.pid;
    this.#successor = successor;
    this.#handoffId = handoffId;
    successor.ended.then((exit) => {
      this.#died.abort(new SwapFailure(`the successor ${describeExit(exit)} ${this.#until}`));
    });
  }

  /** Aborted, with the reason, when the successor is dead. */
  get died(): AbortSignal {
    return this.#died.signal;
  }

  /** Waits for its Hello, and answers; resolves to its build id. */
  async greet(options: HearOptions): Promise<string> {
    const hello = await this.#hear("Hello", options);
    if (hello.role !== "successor") throw new SwapFailure(`the successor says that it is the ${hello.role}`);
    if (hello.pid !== this.pid) {
      throw new SwapFailure(
        `the Hello is of process ${hello.pid}, but process ${this.pid} was started: a wrapper must exec the daemon`,
      );
    }
    this.#until = "while it waited for its turn";
    const { channel } = this.#successor;
    await channel.send({ type: "HelloAck", protoVersionChosen: negotiate(hello), handoffId: this.#handoffId });
    return new TextDecoder().decode(hello.buildId);
  }

  /** Tells it that the data directory is free for it. */
  async begin(): Promise<void> {
    this.#until = "before it served";
    await this.#successor.channel.send({ type: "Begin", handoffId: this.#handoffId });
  }

  /** Waits until it serves, or says that it will not: which of both is for the caller to see. */
  async ready(options: HearOptions): Promise<MessageOf<"Ready">> {
    const ready = await this.#hear("Ready", options);
    this.#until = "while it proved itself";
    return ready;
  }

  /** Tells it to go, kills it, and resolves when it was reaped. */
  async dismiss(reason: string): Promise<void> {
    const { channel } = this.#successor;
    await channel.send({ type: "Abort", handoffId: this.#handoffId, reason }).catch(() => {});
    await this.#successor.kill();
    channel[Symbol.dispose]();
  }

  async #hear<Type extends MessageType>(type: Type, options: HearOptions): Promise<MessageOf<Type>> {
    const signals = [this.#died.signal, ...options.signal === undefined ? [] : [options.signal]];
    try {
      const message = await hear(this.#successor.channel, { ...options, signal: AbortSignal.any(signals) });
      return expect(type, message, this.#handoffId);
    } catch (error) {
      options.signal?.throwIfAborted();
      // How it ended tells more than that its stream did.
      if (error instanceof ChannelClosedError) await settled(this.#successor.ended, DEATH_NEWS_MS);
      this.#died.signal.throwIfAborted();
      throw new SwapFailure(`the successor did not say ${type}: ${describeFailure(error)}`, { cause: error });
    }
  }
}
