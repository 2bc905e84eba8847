import { ChannelClosedError } from "../channel_errors.ts";
import type { ControlChannel } from "../control_channel.ts";
import { ProtocolError } from "../protocol/protocol_error.ts";
import type { Message } from "../protocol/messages.ts";
import { checkChosenVersion, PROTO_MAX, PROTO_MIN } from "../protocol/version.ts";
import { DismissedError } from "./daemon_errors.ts";
import type { Identity } from "./identity.ts";
import { underHeartbeats } from "./under_heartbeats.ts";

/**
 * A successor that has not said anything yet. Each step of it returns the next one, and can be taken once: what must not
 * happen in an order cannot be written in it.
 */
export class Connected {
  readonly #step: Step;

  /** A successor whose supervisor is at the other end of `channel`, which stays the caller's. */
  constructor(channel: ControlChannel) {
    this.#step = new Step(channel);
  }

  /** Says Hello, and learns which handoff this is. Rejects with {@linkcode DismissedError} at the stream's end. */
  async handshake({ pid, buildId }: Identity, options: { signal?: AbortSignal } = {}): Promise<Handshook> {
    const channel = this.#step.take();
    await channel.send({
      type: "Hello",
      role: "successor",
      pid,
      buildId: new TextEncoder().encode(buildId),
      protoMin: PROTO_MIN,
      protoMax: PROTO_MAX,
      capabilities: 0n,
    });
    const ack = await receive(channel, options.signal);
    if (ack.type === "Abort") throw new DismissedError(ack.reason);
    if (ack.type !== "HelloAck") throw unexpected(ack, "HelloAck");
    checkChosenVersion(ack);
    return new Handshook(channel, ack.handoffId);
  }
}

/** A successor that waits for its turn: the incumbent may serve still. */
export class Handshook {
  /** The handoff that this is about. */
  readonly handoffId: string;
  readonly #step: Step;

  /** What {@linkcode Connected.handshake} gives. */
  constructor(channel: ControlChannel, handoffId: string) {
    this.#step = new Step(channel);
    this.handoffId = handoffId;
  }

  /** Waits for Begin. Rejects with {@linkcode DismissedError} when the supervisor calls it off, or is gone. */
  async waitForBegin(options: { signal?: AbortSignal } = {}): Promise<Begun> {
    const channel = this.#step.take();
    while (true) {
      const message = await receive(channel, options.signal);
      switch (message.type) {
        case "Heartbeat":
          continue;
        case "Abort":
          throw new DismissedError(message.reason);
        case "Begin":
          if (message.handoffId === this.handoffId) return new Begun(channel, this.handoffId);
          throw new ProtocolError(
            "handoff-mismatch",
            `Cannot begin handoff ${message.handoffId}: this successor is of ${this.handoffId}`,
          );
        default:
          throw unexpected(message, "Begin");
      }
    }
  }
}

/** What a successor says when it serves. */
export interface Readiness {
  /** The addresses of its listeners. */
  readonly listeningOn: readonly string[];
  /** False has the handoff rolled back: then nothing may have been accepted. */
  readonly healthy: boolean;
  /** The revisions of the state, one for each shard; none where it does not count them. */
  readonly revisions: readonly bigint[];
}

/** A successor whose turn has come: the incumbent is sealed. */
export class Begun {
  /** The handoff that this is about. */
  readonly handoffId: string;
  readonly #channel: ControlChannel;
  readonly #step: Step;

  /** What {@linkcode Handshook.waitForBegin} gives. */
  constructor(channel: ControlChannel, handoffId: string) {
    this.#channel = channel;
    this.#step = new Step(channel);
    this.handoffId = handoffId;
  }

  /** Does what may take long, while heartbeats tell the supervisor that this process lives. */
  async underHeartbeats<T>(work: () => Promise<T>): Promise<T> {
    return await underHeartbeats(this.#channel, work);
  }

  /** Says Ready. False when the supervisor is gone: the process that has the lock serves all the same. */
  async announce({ listeningOn, healthy, revisions }: Readiness): Promise<boolean> {
    const channel = this.#step.take();
    try {
      await channel.send({
        type: "Ready",
        handoffId: this.handoffId,
        listeningOn,
        healthzOk: healthy,
        advertisedRevisionPerShard: revisions,
      });
      return true;
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      return false;
    }
  }

  /** After a Ready that says unhealthy: waits until the supervisor calls it off or is gone, and says which. */
  async waitForAbort(): Promise<DismissedError> {
    try {
      while (true) {
        const message = await receive(this.#channel);
        if (message.type === "Abort") return new DismissedError(message.reason);
      }
    } catch (error) {
      if (error instanceof DismissedError) return error;
      throw error;
    }
  }
}

/** The right to take a step, which is gone when it is taken. */
class Step {
  #channel?: ControlChannel | undefined;

  constructor(channel: ControlChannel) {
    this.#channel = channel;
  }

  take(): ControlChannel {
    const channel = this.#channel;
    if (channel === undefined) {
      throw new ProtocolError("unexpected-message", "This step of the successor was taken before");
    }
    this.#channel = undefined;
    return channel;
  }
}

async function receive(channel: ControlChannel, signal?: AbortSignal): Promise<Message> {
  try {
    const message = await channel.receive({ signal });
    if (message !== undefined) return message;
  } catch (error) {
    if (!(error instanceof ChannelClosedError)) throw error;
  }
  throw new DismissedError();
}

function unexpected({ type }: Message, expected: string): ProtocolError {
  return new ProtocolError("unexpected-message", `Cannot accept ${type} from the supervisor: ${expected} was expected`);
}
