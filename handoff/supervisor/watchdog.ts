import { ControlChannel } from "../control_channel.ts";
import type { Os } from "../os.ts";
import { connectSocketFile } from "../socket_file.ts";
import { TransferChannel } from "../transfer_channel.ts";

/** How a watchdog is kept from biting. */
export interface WatchdogOptions {
  /** Within how many milliseconds a sign of life is wanted. */
  readonly withinMs: number;
  /** Whether all is well; asked twice within that time, and told to give up when the next sign of life is due. */
  healthy(until: AbortSignal): Promise<boolean>;
  /** Gives a sign of life. */
  ping(): void;
}

/** Gives a sign of life at half of the time that the service manager allows, for as long as `healthy` says so. */
export class Watchdog implements AsyncDisposable {
  readonly #options: WatchdogOptions;
  readonly #closed = new AbortController();
  readonly #watching: Promise<void>;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#watching = this.#watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { healthy, ping, withinMs } = this.#options;
    const { signal: closed } = this.#closed;
    while (!closed.aborted) {
      const turn = new AbortController();
      const timer = setTimeout(() => turn.abort(), withinMs / 2);
      const end = () => turn.abort();
      closed.addEventListener("abort", end);
      try {
        if (await healthy(turn.signal).catch(() => false) && !closed.aborted) ping();
        await aborted(turn.signal);
      } finally {
        clearTimeout(timer);
        closed.removeEventListener("abort", end);
      }
    }
  }
}

/**
 * Whether the daemon behind a control socket answers: by its transfer socket, at any time; one that has none, by its
 * Hello. A process that is stopped, or whose event loop is stuck, is connected to, and does not answer.
 */
export async function answers(os: Os, controlSocket: string, until: AbortSignal): Promise<boolean> {
  try {
    using transfer = await openTransfer(os, controlSocket, until);
    if (transfer === undefined) return await saysHello(os, controlSocket, until);
    await transfer.send({ verb: "watch" });
    const reply = await transfer.receiveReply({ signal: until });
    reply?.descriptors[Symbol.dispose]();
    return reply !== undefined;
  } catch {
    return false;
  }
}

async function openTransfer(os: Os, controlSocket: string, signal: AbortSignal): Promise<TransferChannel | undefined> {
  try {
    return new TransferChannel(os, await connectSocketFile(os, `${controlSocket}.fds`, { signal }));
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

async function saysHello(os: Os, controlSocket: string, signal: AbortSignal): Promise<boolean> {
  using channel = new ControlChannel(os, await connectSocketFile(os, controlSocket, { signal }));
  return (await channel.receive({ signal }))?.type === "Hello";
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
