/**
 * The clients that do not fit the mould: each does one awkward thing over and over until it is told to stop, and returns
 * what went wrong.
 */
import { acknowledged, post, requestHead, type RequestRecord } from "./client.ts";
import { HttpConnection } from "./http_connection.ts";

/** What a visitor saw. */
export interface Visit {
  readonly requests: RequestRecord[];
  /** How often it did its awkward thing to the end. */
  rounds: number;
  readonly failures: string[];
}

/** What a visitor needs. */
export interface VisitorOptions {
  readonly name: string;
  readonly address: Deno.ConnectOptions;
  readonly random: () => number;
}

/** Sends the body of each request up to 300 ms after its head, so that a swap comes in between. */
export async function splitRequests(options: VisitorOptions, stop: AbortSignal): Promise<Visit> {
  return await visit(options, stop, async (connection, record) => {
    await record((text) => post(connection, text, () => sleep(options.random() * 300)));
  });
}

/** Sends three requests at once, and then reads the three answers. */
export async function pipelineRequests(options: VisitorOptions, stop: AbortSignal): Promise<Visit> {
  return await visit(options, stop, async (connection, record) => {
    let written: Promise<void> | undefined;
    const texts: string[] = [];
    for (let i = 0; i < 3; i++) {
      await record(async (text) => {
        texts.push(text);
        written ??= connection.write(
          [text, `${text}b`, `${text}c`].map((entry) => requestHead(entry) + entry).join(""),
        );
        await written;
        return acknowledged(await connection.answer());
      }, i === 0 ? undefined : `${texts[0]}${"abc"[i]}`);
    }
    await sleep(options.random() * 20);
  });
}

/** Opens `count` connections at once, on each of which it posts one entry. */
export async function queueConnections(options: VisitorOptions, count: number): Promise<Visit> {
  const result: Visit = { requests: [], rounds: 0, failures: [] };
  await Promise.all(Array.from({ length: count }, async (_, i) => {
    const text = `${options.name}:${i}`;
    const record = { client: `${options.name}.${i}`, text, startedAt: now() };
    const began = performance.now();
    try {
      using connection = await HttpConnection.open(options.address);
      const { id } = await post(connection, text);
      result.requests.push({ ...record, ms: performance.now() - began, id });
      result.rounds++;
    } catch (error) {
      result.requests.push({ ...record, ms: performance.now() - began, failure: String(error) });
      result.failures.push(`${text}: ${error}`);
    }
  }));
  return result;
}

/** Follows an event stream that never ends by itself; one that breaks off without its last chunk is a failure. */
export async function followEvents(options: VisitorOptions, stop: AbortSignal): Promise<Visit> {
  const result: Visit = { requests: [], rounds: 0, failures: [] };
  while (!stop.aborted) {
    using connection = await HttpConnection.open(options.address);
    using _ = onAbort(stop, () => connection[Symbol.dispose]());
    try {
      await connection.write("GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
      for await (const _event of connection.events()) { /* each is an entry, which the journal shows anyway */ }
      result.rounds++;
    } catch (error) {
      if (!stop.aborted) result.failures.push(`${options.name}: the event stream broke off: ${error}`);
    }
  }
  return result;
}

/** Keeps a WebSocket open; one that ends without the close code 1012 (service restart) is a failure. */
export async function keepWebSocket(options: VisitorOptions, url: string, stop: AbortSignal): Promise<Visit> {
  const result: Visit = { requests: [], rounds: 0, failures: [] };
  while (!stop.aborted) {
    const { promise, resolve } = Promise.withResolvers<CloseEvent>();
    const socket = new WebSocket(url);
    socket.onclose = resolve;
    using _ = onAbort(stop, () => socket.close());
    const { code } = await promise;
    if (code === 1012) result.rounds++;
    else if (!stop.aborted) result.failures.push(`${options.name}: closed with ${code}`);
  }
  return result;
}

/** One numbered request after the other, on a connection that is opened again only after a failure. */
async function visit(
  { name, address }: VisitorOptions,
  stop: AbortSignal,
  round: (connection: HttpConnection, record: Recorder) => Promise<void>,
): Promise<Visit> {
  const result: Visit = { requests: [], rounds: 0, failures: [] };
  for (let n = 0; !stop.aborted;) {
    using connection = await HttpConnection.open(address);
    try {
      while (!stop.aborted) {
        await round(connection, async (request, text = `${name}:${n++}`) => {
          const record = { client: name, text, startedAt: now() };
          const began = performance.now();
          try {
            const { id } = await request(text);
            result.requests.push({ ...record, ms: performance.now() - began, id });
          } catch (error) {
            result.requests.push({ ...record, ms: performance.now() - began, failure: String(error) });
            throw error;
          }
        });
        result.rounds++;
      }
    } catch (error) {
      result.failures.push(`${name}: ${error}`);
    }
  }
  return result;
}

type Recorder = (request: (text: string) => Promise<{ id: number }>, text?: string) => Promise<void>;

function onAbort(signal: AbortSignal, act: () => void): Disposable {
  signal.addEventListener("abort", act);
  if (signal.aborted) act();
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", act) };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
