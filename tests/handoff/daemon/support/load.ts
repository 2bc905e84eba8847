/** Clients that POST one line after the other, each on a connection that it keeps, until they are told to end. */
export class Load implements AsyncDisposable {
  /** The ids that were answered, and by whom, in the order of the answers. */
  readonly answers: { readonly pid: number; readonly id: number }[] = [];
  readonly failures: string[] = [];
  readonly #clients: Promise<void>[];
  #ended = false;

  constructor(url: string, { clients = 4 } = {}) {
    this.#clients = Array.from({ length: clients }, (_, client) => this.#run(url, client));
  }

  /** Resolves when so many answers have come since the call. */
  async more(count: number): Promise<void> {
    const enough = this.answers.length + count;
    while (this.answers.length < enough && this.failures.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Lets each client finish its request. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#clients);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #run(url: string, client: number): Promise<void> {
    using connections = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
    for (let line = 0; !this.#ended; line++) {
      try {
        const response = await fetch(url, { method: "POST", body: `${client} ${line}`, client: connections });
        this.answers.push(await response.json());
      } catch (error) {
        this.failures.push(String(error));
        return;
      }
    }
  }
}
