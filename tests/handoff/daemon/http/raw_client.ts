import { inTime } from "../../../support/patience.ts";

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A client that sends bytes as it is told to, and reads answers one by one. */
export class RawClient implements Disposable {
  readonly #connection: Deno.Conn;
  #unread = "";
  #ended = false;
  #hasRead = false;
  #closed = false;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Where the connection comes from: the same as long as it is the same connection. */
  get port(): number {
    return (this.#connection.localAddr as Deno.NetAddr).port;
  }

  /** Whether anything has come. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  /** Sends all of `bytes`. */
  async send(bytes: string | Uint8Array): Promise<void> {
    const rest = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    for (let sent = 0; sent < rest.length;) sent += await this.#connection.write(rest.subarray(sent));
  }

  /** Sends a request, and reads its answer. */
  async ask(path: string, { method = "GET", body = "" } = {}): Promise<RawAnswer> {
    await this.send(requestFor(path, { method, body }));
    return await this.answer({ headOnly: method === "HEAD" });
  }

  /** The next answer. Rejects where the connection ends before it is whole. */
  async answer({ headOnly = false } = {}): Promise<RawAnswer> {
    const [first, ...lines] = (await this.#through("\r\n\r\n")).trimEnd().split("\r\n");
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    const status = Number(first.split(" ")[1]);
    const body = headOnly ? "" : await this.#body(headers);
    return { status, headers, body };
  }

  /** What comes next, at least `length` characters of it. */
  async read(length: number): Promise<string> {
    while (this.#unread.length < length) await this.#more();
    return this.#take(length);
  }

  /** Resolves when the other end has closed, with what it had sent before. */
  async end(): Promise<string> {
    while (!this.#ended) await this.#more().catch(() => {});
    return this.#take(this.#unread.length);
  }

  [Symbol.dispose](): void {
    if (!this.#closed) this.#connection.close();
    this.#closed = true;
  }

  async #body(headers: Headers): Promise<string> {
    if (headers.get("transfer-encoding") !== "chunked") {
      return await this.read(Number(headers.get("content-length") ?? "0"));
    }
    for (let body = "";;) {
      const length = parseInt(await this.#through("\r\n"), 16);
      const chunk = await this.read(length + 2);
      if (length === 0) return body;
      body += chunk.slice(0, length);
    }
  }

  async #through(mark: string): Promise<string> {
    while (!this.#unread.includes(mark)) await this.#more();
    return this.#take(this.#unread.indexOf(mark) + mark.length);
  }

  #take(length: number): string {
    const taken = this.#unread.slice(0, length);
    this.#unread = this.#unread.slice(length);
    return taken;
  }

  async #more(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    const length = await inTime(this.#connection.read(buffer).catch(() => null), "Nothing came from the server");
    if (length === null) {
      this.#ended = true;
      throw new Error(`The connection ended after ${JSON.stringify(this.#unread)}`);
    }
    this.#hasRead = true;
    // One character a byte, so that lengths are those of the wire.
    this.#unread += String.fromCharCode(...buffer.subarray(0, length));
  }
}

/** The bytes of a request. */
export function requestFor(path: string, { method = "GET", body = "" } = {}): string {
  const length = method === "GET" || method === "HEAD" ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n${body}`;
}
