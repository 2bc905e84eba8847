import { ChannelClosedError } from "../channel_errors.ts";
import { ProtocolError } from "../protocol/protocol_error.ts";
import type { Message, MessageType } from "../protocol/messages.ts";
import type { Channel } from "./swap_parties.ts";

/** How long to wait for a message, in milliseconds, and what ends the wait. */
export interface HearOptions {
  readonly timeout: number;
  /** The longest silence, heartbeats included. */
  readonly silence?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A message of one type. */
export type MessageOf<Type extends MessageType> = Extract<Message, { type: Type }>;

/**
 * The next message that is more than a sign of life. Rejects with `ChannelClosedError` at the end of the stream, with
 * `ChannelTimeoutError`, with `ProtocolError`, with the signal's reason.
 */
export async function hear(channel: Channel, { timeout, silence, signal }: HearOptions): Promise<Message> {
  const end = performance.now() + timeout;
  while (true) {
    const message = await channel.receive({ timeout: Math.max(1, end - performance.now()), silence, signal });
    if (message === undefined) throw new ChannelClosedError("the control channel was closed");
    if (message.type !== "Heartbeat" && message.type !== "SealProgress") return message;
  }
}

/** The message as what was expected, of this handoff; throws {@linkcode ProtocolError} for any other. */
export function expect<Type extends MessageType>(type: Type, message: Message, handoffId: string): MessageOf<Type> {
  if (message.type !== type) {
    throw new ProtocolError("unexpected-message", `it said ${message.type} where ${type} was expected`);
  }
  if ("handoffId" in message && message.handoffId !== handoffId) {
    throw new ProtocolError("handoff-mismatch", `its ${type} is of another handoff`);
  }
  return message as MessageOf<Type>;
}

/** Waits for a promise that never rejects, but no longer than `ms`: whether it was resolved. */
export async function settled(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
