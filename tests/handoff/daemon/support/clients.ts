/** An HTTP/1.1 client on one connection, which it keeps. */
export class Client implements Disposable {
  readonly #connection: Deno.Conn;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** A client that was answered once, and is idle. */
  static async idle(url: string): Promise<Client> {
    const { hostname, port } = new URL(url);
    const client = new Client(await Deno.connect({ hostname, port: Number(port) }));
    await client.get();
    return client;
  }

  /** Asks for `/`: which process answers; undefined where the connection has ended. */
  async get(): Promise<number | undefined> {
    try {
      await this.#connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    } catch {
      return undefined;
    }
    return await this.answer();
  }

  /** What comes next: of which process, undefined at the end. */
  async answer(): Promise<number | undefined> {
    const buffer = new Uint8Array(4096);
    for (let text = "";;) {
      const count = await this.#connection.read(buffer).catch(() => null);
      if (count === null) return undefined;
      text += new TextDecoder().decode(buffer.subarray(0, count));
      const pid = /"pid":(\d+),.*\}/.exec(text)?.[1];
      if (pid !== undefined) return Number(pid);
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** So many idle clients, which are closed together. */
export class Clients implements Disposable {
  readonly all: readonly Client[];

  private constructor(all: readonly Client[]) {
    this.all = all;
  }

  static async idle(url: string, count: number): Promise<Clients> {
    return new Clients(await Promise.all(Array.from({ length: count }, () => Client.idle(url))));
  }

  /** Who answers each of them. */
  async ask(): Promise<(number | undefined)[]> {
    return await Promise.all(this.all.map((client) => client.get()));
  }

  [Symbol.dispose](): void {
    for (const client of this.all) client[Symbol.dispose]();
  }
}
