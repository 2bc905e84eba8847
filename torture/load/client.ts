import { BrokenConnectionError, HttpConnection } from "./http_connection.ts";

/** How one client behaves. */
export interface ClientOptions {
  readonly name: string;
  readonly address: Deno.ConnectOptions;
  /** How long it thinks between an answer and its next request, in milliseconds; up to half as much more at random. */
  readonly thinkMs: number;
  /** Whether it looks for the end of the connection before it sends on it again, as a careful client does. */
  readonly looks: boolean;
  /** Between 0 and 1, from the seed. */
  readonly random: () => number;
}

/** One request as the client saw it; times in milliseconds since the Unix epoch. */
export interface RequestRecord {
  readonly client: string;
  readonly text: string;
  readonly startedAt: number;
  readonly ms: number;
  /** The id that the daemon acknowledged the entry with. */
  readonly id?: number;
  readonly failure?: string;
}

/** What a client has seen. */
export interface ClientHistory {
  readonly requests: RequestRecord[];
  /** How often it had to connect, after the first time. */
  reconnects: number;
}

/**
 * Posts entries over one connection until it is told to stop, and fills in `history`. Nothing is retried: what fails,
 * failed.
 */
export async function runClient(options: ClientOptions, history: ClientHistory, stop: AbortSignal): Promise<void> {
  let connection: HttpConnection | undefined;
  for (let n = 0; !stop.aborted; n++) {
    const text = `${options.name}:${n}`;
    const startedAt = performance.timeOrigin + performance.now();
    const began = performance.now();
    const record = { client: options.name, text, startedAt };
    try {
      if (connection !== undefined && options.looks && connection.ended) {
        connection[Symbol.dispose]();
        connection = undefined;
      }
      if (connection === undefined) {
        if (n > 0) history.reconnects++;
        connection = await HttpConnection.open(options.address);
      }
      const { id, close } = await post(connection, text);
      history.requests.push({ ...record, ms: performance.now() - began, id });
      if (close) {
        connection[Symbol.dispose]();
        connection = undefined;
      } else if (options.looks) {
        connection.watch();
      }
    } catch (error) {
      history.requests.push({ ...record, ms: performance.now() - began, failure: failureOf(error) });
      connection?.[Symbol.dispose]();
      connection = undefined;
    }
    await think(options);
  }
  connection?.[Symbol.dispose]();
}

/** Posts one entry, and gives the id of its acknowledgement. */
export async function post(
  connection: HttpConnection,
  text: string,
  betweenHeadAndBody?: () => Promise<void>,
): Promise<{ id: number; close: boolean }> {
  const head = requestHead(text);
  if (betweenHeadAndBody === undefined) {
    await connection.write(head + text);
  } else {
    await connection.write(head);
    await betweenHeadAndBody();
    await connection.write(text);
  }
  return acknowledged(await connection.answer());
}

/** The head of the request that posts `text`. */
export function requestHead(text: string): string {
  return `POST /entries HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n`;
}

/** The id in an answer, which must be a 201. */
export function acknowledged(
  { status, body, close }: { status: number; body: string; close: boolean },
): { id: number; close: boolean } {
  if (status !== 201) throw new BrokenConnectionError(`status ${status}: ${body.slice(0, 200)}`);
  return { id: JSON.parse(body).id, close };
}

function failureOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function think({ thinkMs, random }: ClientOptions): Promise<void> {
  if (thinkMs === 0) return;
  await new Promise((resolve) => setTimeout(resolve, thinkMs * (1 + random() / 2)));
}
