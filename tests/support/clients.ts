import { assertEquals } from "@std/assert";
import { type ClientHistory, type ClientOptions, type RequestRecord, runClient } from "../../torture/load/client.ts";
import { inTime, until } from "./patience.ts";

/** How the clients differ: in what they think, in milliseconds, and in whether they look for the end of a connection. */
const MANNERS: readonly Pick<ClientOptions, "thinkMs" | "looks">[] = [
  { thinkMs: 5, looks: false },
  { thinkMs: 15, looks: true },
  { thinkMs: 150, looks: false },
];

/** Clients that post entries over keep-alive connections, and retry nothing. Disposal ends them. */
export class Clients implements AsyncDisposable {
  readonly #histories: readonly ClientHistory[];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(address: Deno.ConnectOptions) {
    const run = crypto.randomUUID().slice(0, 8);
    this.#histories = MANNERS.map(() => ({ requests: [], reconnects: 0 }));
    const clients = MANNERS.map((manner, index) => {
      const options = { ...manner, name: `${run}-${index}`, address, random: Math.random };
      return runClient(options, this.#histories[index], this.#stop.signal);
    });
    this.#running = Promise.all(clients);
  }

  /** All requests so far. */
  get requests(): RequestRecord[] {
    return this.#histories.flatMap(({ requests }) => requests);
  }

  /** Waits until `count` more requests of each but the slowest client have been answered. */
  async more(count = 5): Promise<void> {
    const busy = this.#histories.slice(0, -1);
    const goals = busy.map((history) => acknowledged(history) + count);
    await until(
      () => busy.every((history, index) => acknowledged(history) >= goals[index]),
      "the clients are answered",
    );
  }

  /** Ends them, when each has its last answer. */
  async end(): Promise<void> {
    this.#stop.abort();
    await inTime(this.#running, "The clients' last requests were not answered");
  }

  /** Fails if a request has failed. */
  assertNoneFailed(): void {
    assertEquals(this.#failures(), []);
  }

  /** Fails if nobody listened for one of them. */
  assertNoneRefused(): void {
    assertEquals(this.#failures().filter((failure) => failure.includes("ConnectionRefused")), []);
  }

  /** Fails if more requests have failed than each client can have on its way at a time. */
  assertFewFailed(): void {
    this.assertNoneRefused();
    const failed = this.#histories.map(({ requests }) => requests.filter(({ failure }) => failure !== undefined));
    assertEquals(failed.filter(({ length }) => length > 1), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #failures(): string[] {
    return this.requests.flatMap(({ text, failure }) => failure === undefined ? [] : [`${text}: ${failure}`]);
  }
}

function acknowledged({ requests }: ClientHistory): number {
  return requests.filter(({ id }) => id !== undefined).length;
}
