import type { ReceiveOptions } from "./control_channel.ts";
import type { Os } from "./os.ts";
import type { TransferReply, TransferRequest } from "./protocol/transfer.ts";

/** The most descriptors that one message may carry (`SCM_MAX_FD`). */
export const MAX_DESCRIPTORS = 253;

/** What arrived with a message. Those that are not taken are closed when it is disposed of. */
export interface ReceivedDescriptors extends Disposable {
  /** How many arrived, taken or not. */
  readonly length: number;
  /** Makes the descriptor at `index` the caller's; undefined where none arrived there or it was taken already. */
  take(index: number): number | undefined;
}

/** A message with what came with it. */
export interface TransferReceived<M> {
  readonly message: M;
  readonly descriptors: ReceivedDescriptors;
  /** Whether descriptors were lost on the way, as where this process may open no more. */
  readonly truncated: boolean;
}

export class TransferChannel implements Disposable {
  constructor(_os: Os, _fd: number) {}

  get fd(): number {
    throw new Error("to come");
  }

  send(_message: TransferRequest | TransferReply, _descriptors: readonly number[] = []): Promise<void> {
    throw new Error("to come");
  }

  /** For O: the next request; undefined at the end of the stream. */
  receiveRequest(_options?: ReceiveOptions): Promise<TransferReceived<TransferRequest> | undefined> {
    throw new Error("to come");
  }

  /** For N and the supervisor: the next reply. */
  receiveReply(_options?: ReceiveOptions): Promise<TransferReceived<TransferReply> | undefined> {
    throw new Error("to come");
  }

  [Symbol.dispose](): void {}
}
