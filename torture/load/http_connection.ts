/**
 * One keep-alive connection of an HTTP/1.1 client, over a raw socket: nothing is retried, pooled or opened again behind
 * the back of who counts the failures.
 */

/** An answer, once all of it has come. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Whether the server said that it will close the connection. */
  readonly close: boolean;
}

/** The connection ended before a whole answer had come. */
export class BrokenConnectionError extends Error {
  override readonly name = "BrokenConnectionError";
}

/** A connection to a server on the loopback interface. */
export class HttpConnection implements Disposable {
  readonly #socket: Deno.TcpConn;
  #buffer = new Uint8Array(0);
  #ended = false;
  #reading?: Promise<void>;
  #failure = "";

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
    socket.setNoDelay();
  }

  static async open(address: Deno.ConnectOptions): Promise<HttpConnection> {
    return new HttpConnection(await Deno.connect(address));
  }

  /** Starts to watch for the end of the connection, for a client that looks before it sends. */
  watch(): void {
    this.#reading ??= this.#read();
  }

  /** Whether the server has ended the connection, as far as is known by now. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Writes bytes as they are. */
  async write(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    try {
      for (let written = 0; written < bytes.length;) written += await this.#socket.write(bytes.subarray(written));
    } catch (error) {
      throw new BrokenConnectionError(`write: ${message(error)}`);
    }
  }

  /** Reads one answer. */
  async answer(): Promise<Answer> {
    const head = await this.#until(endOfHead);
    const lines = head.split("\r\n");
    const status = Number(lines[0]?.split(" ")[1]);
    const headers = new Map(
      lines.slice(1).map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const close = headers.get("connection")?.toLowerCase() === "close";
    const length = headers.get("content-length");
    const body = length === undefined ? await this.#chunks() : await this.#take(Number(length));
    return { status, body, close };
  }

  /** Reads the head of an answer whose body has no end, and gives the body piece by piece. */
  async *events(): AsyncGenerator<string> {
    await this.#until(endOfHead);
    while (true) {
      const size = parseInt(await this.#until(endOfLine), 16);
      const piece = await this.#take(size);
      await this.#take(2);
      if (size === 0) return;
      yield piece;
    }
  }

  /** Reads up to what `end` finds, and gives the text before it. */
  async until(mark: string): Promise<string> {
    return await this.#until((bytes) => {
      const at = decoder.decode(bytes).indexOf(mark);
      return at < 0 ? undefined : { at, next: at + mark.length };
    });
  }

  /** Takes `length` bytes. */
  async take(length: number): Promise<string> {
    return await this.#take(length);
  }

  [Symbol.dispose](): void {
    try {
      this.#socket.close();
    } catch {
      // It is closed already.
    }
  }

  async #chunks(): Promise<string> {
    let body = "";
    while (true) {
      const size = parseInt(await this.#until(endOfLine), 16);
      body += await this.#take(size);
      await this.#take(2);
      if (size === 0) return body;
    }
  }

  async #until(find: (bytes: Uint8Array) => Found | undefined): Promise<string> {
    while (true) {
      const found = find(this.#buffer);
      if (found !== undefined) {
        const text = decoder.decode(this.#buffer.subarray(0, found.at));
        this.#buffer = this.#buffer.slice(found.next);
        return text;
      }
      await this.#more();
    }
  }

  async #take(length: number): Promise<string> {
    while (this.#buffer.length < length) await this.#more();
    const text = decoder.decode(this.#buffer.subarray(0, length));
    this.#buffer = this.#buffer.slice(length);
    return text;
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new BrokenConnectionError(this.#failure);
    await (this.#reading ??= this.#read());
  }

  async #read(): Promise<void> {
    const chunk = new Uint8Array(16_384);
    try {
      const read = await this.#socket.read(chunk);
      if (read === null) this.#end("end of file");
      else this.#append(chunk.subarray(0, read));
    } catch (error) {
      this.#end(`read: ${message(error)}`);
    } finally {
      this.#reading = undefined;
    }
  }

  #append(chunk: Uint8Array): void {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    this.#buffer = joined;
  }

  #end(failure: string): void {
    this.#ended = true;
    this.#failure = failure;
  }
}

interface Found {
  readonly at: number;
  readonly next: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CR = 13;
const LF = 10;

function endOfLine(bytes: Uint8Array): Found | undefined {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF) return { at, next: at + 2 };
  }
}

function endOfHead(bytes: Uint8Array): Found | undefined {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return { at, next: at + 4 };
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
