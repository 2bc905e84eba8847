import { until } from "../../../support/patience.ts";

/** Holds handlers until it is opened. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  #entered = 0;

  /** A handler that answers with `body` when the gate is open. */
  handler(body: string): () => Promise<Response> {
    return async () => {
      this.#entered++;
      await this.#opened.promise;
      return new Response(body);
    };
  }

  /** Resolves when so many requests have reached the handler. */
  entered(count: number): Promise<void> {
    return until(() => this.#entered >= count, `${count} requests reach the handler`);
  }

  open(): void {
    this.#opened.resolve();
  }
}
