import type { Os } from "../os.ts";
import type { Report } from "../protocol/transfer.ts";
import type { UpgradeRecord } from "../protocol/trigger.ts";
import { connectSocketFile } from "../socket_file.ts";
import { TransferChannel } from "../transfer_channel.ts";
import type { History } from "./history.ts";
import type { Log } from "./log.ts";

/** What an incumbent reports of its connections, some of it when the upgrade has been recorded already. */
export class ConnectionReports {
  known: Pick<UpgradeRecord, "connectionsMoved" | "cut"> = { connectionsMoved: 0, cut: [] };
  readonly #history: History;
  readonly #handoffId: string;
  readonly #log: Log;

  constructor(history: History, handoffId: string, log: Log) {
    this.#history = history;
    this.#handoffId = handoffId;
    this.#log = log;
  }

  add({ connectionsMoved, cut }: Report): void {
    const { known } = this;
    this.known = { connectionsMoved: connectionsMoved ?? known.connectionsMoved, cut: cut ?? known.cut };
    this.#history.amend(this.#handoffId, this.known);
    const handoffId = this.#handoffId;
    if (connectionsMoved !== undefined) this.#log("connections-moved", { handoffId, connectionsMoved });
    if (cut !== undefined && cut.length > 0) this.#log("requests-cut", { handoffId, cut });
  }
}

/** Watches a daemon through a handoff, until it is disposed of or the daemon has ended. */
export interface Observer extends Disposable {
  /** Resolves when the daemon tells nothing any more. Never rejects. */
  readonly ended: Promise<void>;
}

/**
 * Has the daemon of a control socket report what becomes of its connections. One that is of another kind, or version, or
 * has ended reports nothing. Never rejects.
 */
export async function observe(
  os: Os,
  controlSocket: string,
  reports: Pick<ConnectionReports, "add">,
): Promise<Observer> {
  const over = new AbortController();
  const channel = await watch(os, controlSocket);
  const ended = channel === undefined
    ? Promise.resolve()
    : listen(channel, (report) => reports.add(report), over.signal).catch(() => {});
  return { ended, [Symbol.dispose]: () => over.abort() };
}

async function watch(os: Os, controlSocket: string): Promise<TransferChannel | undefined> {
  using opened = new DisposableStack();
  try {
    const channel = opened.use(new TransferChannel(os, await connectSocketFile(os, `${controlSocket}.fds`)));
    await channel.send({ verb: "watch" });
    opened.move();
    return channel;
  } catch {
    return undefined;
  }
}

async function listen(channel: TransferChannel, hear: (report: Report) => void, signal: AbortSignal): Promise<void> {
  using _closed = channel;
  for (let reply; (reply = await channel.receiveReply({ signal })) !== undefined;) {
    reply.descriptors[Symbol.dispose]();
    if (reply.message.verb === "report") hear(reply.message);
  }
}
