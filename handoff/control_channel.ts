import type { Heartbeats } from "./heartbeat.ts";
import type { Os } from "./os.ts";
import type { Message } from "./protocol/messages.ts";

export interface ReceiveOptions {
  /** For the whole message, in milliseconds; without it, for as long as it takes. */
  readonly timeout?: number;
  /** For how long nothing at all may arrive, in milliseconds. */
  readonly silence?: number;
  /** Rejects with the signal's reason; what has arrived is kept for the next call. */
  readonly signal?: AbortSignal;
}

export class ControlChannel implements Disposable {
  constructor(_os: Os, _fd: number) {}

  get fd(): number {
    throw new Error("to come");
  }

  send(_message: Message): Promise<void> {
    throw new Error("to come");
  }

  receive(_options: ReceiveOptions = {}): Promise<Message | undefined> {
    throw new Error("to come");
  }

  heartbeats(_intervalMs?: number): Promise<Heartbeats> {
    throw new Error("to come");
  }

  [Symbol.dispose](): void {}
}
