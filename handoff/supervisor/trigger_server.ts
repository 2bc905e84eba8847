import type { Os, Peer } from "../os.ts";
import {
  crateErrorLine,
  encodeTriggerEvent,
  MAX_REQUEST_BYTES,
  parseTriggerLine,
  type TriggerEvent,
  type TriggerRequest,
} from "../protocol/trigger.ts";
import { acceptPermitted } from "../socket_file.ts";
import { TRIGGER_MS } from "../timeouts.ts";
import { settled } from "./hear.ts";
import { LineChannel } from "./line_channel.ts";

/** Where the answer to a request goes. What a client that has left does not take is dropped. */
export interface Client {
  readonly peer: Peer;
  tell(event: TriggerEvent): void;
  tellLine(line: string): void;
}

/** Answers a request; when it resolves, the connection is closed. */
export type Answer = (request: TriggerRequest, client: Client) => Promise<void>;

/** How many clients are served at a time; more wait in the backlog. */
const MAX_CLIENTS = 64;

/** How long nobody is accepted after the kernel could not, in milliseconds: the socket stays readable meanwhile. */
const ACCEPT_PAUSE_MS = 50;

/** Serves a supervisor's trigger socket: one line in, one or more out. A client that misbehaves harms only itself. */
export class TriggerServer implements AsyncDisposable {
  readonly #os: Os;
  readonly #listener: number;
  readonly #extraUids: readonly number[];
  readonly #answer: Answer;
  readonly #closing = new AbortController();
  readonly #clients = new Set<Promise<void>>();
  #paused = new AbortController();
  #accepting: Promise<void>;

  /** Owns `listener`. Processes of this user, of root and of `extraUids` are answered. */
  constructor(os: Os, listener: number, { extraUids, answer }: { extraUids: readonly number[]; answer: Answer }) {
    this.#os = os;
    this.#listener = listener;
    this.#extraUids = extraUids;
    this.#answer = answer;
    this.#accepting = this.#accept();
  }

  /** Accepts no client until it is resumed: connections wait in the backlog, or another process accepts them. */
  async pause(): Promise<void> {
    this.#paused.abort();
    await this.#accepting;
  }

  /** Accepts again. */
  resume(): void {
    this.#paused = new AbortController();
    this.#accepting = this.#accept();
  }

  /** Stops accepting, and waits until those that are served have their answers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#accepting;
    this.#os.close(this.#listener);
    await Promise.all(this.#clients);
  }

  async #accept(): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#paused.signal]);
    while (!signal.aborted) {
      if (this.#clients.size >= MAX_CLIENTS) await Promise.race([...this.#clients, aborted(signal)]);
      await this.#os.readable(this.#listener, { signal }).catch(() => {});
      if (signal.aborted) return;
      const connection = this.#next();
      if (connection === "no room") await settled(aborted(signal), ACCEPT_PAUSE_MS);
      if (typeof connection !== "object") continue;
      const served = this.#serve(connection.fd, connection.peer).finally(() => this.#clients.delete(served));
      this.#clients.add(served);
    }
  }

  #next(): { readonly fd: number; readonly peer: Peer } | "no room" | undefined {
    try {
      return acceptPermitted(this.#os, this.#listener, this.#extraUids);
    } catch {
      // No descriptor is left, or no memory: the client waits in the backlog until there is one.
      return "no room";
    }
  }

  async #serve(fd: number, peer: Peer): Promise<void> {
    using channel = new LineChannel(this.#os, fd, MAX_REQUEST_BYTES);
    const send = (bytes: Uint8Array) => void channel.send(bytes).catch(() => channel[Symbol.dispose]());
    const tellLine = (line: string) => send(new TextEncoder().encode(line));
    try {
      const line = await channel.receive({ timeout: TRIGGER_MS, signal: this.#closing.signal });
      if (line === undefined) return;
      const request = parseTriggerLine(line);
      await this.#answer(request, { peer, tellLine, tell: (event) => send(encodeTriggerEvent(event)) });
    } catch (error) {
      tellLine(crateErrorLine(error instanceof Error ? error.message : String(error)));
    }
    await channel.end();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
