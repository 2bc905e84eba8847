import { Child, type Report } from "../tests/support/child.ts";

/** What a contender can be told to do; `by` is the name of a waiter. */
export type Order =
  | { readonly action: "take"; readonly by: string }
  | { readonly action: "release"; readonly after: number }
  | { readonly action: "released" }
  | { readonly action: "wait"; readonly by: string; readonly times: number }
  | { readonly action: "usage" }
  | { readonly action: "contend"; readonly by: string; readonly from: number; readonly until: number };

/** A process that contends for a directory. */
export class Contender implements AsyncDisposable {
  readonly #child: Child;

  constructor(dataDir: string) {
    this.#child = new Child("../../bench/programs/contender.ts", { args: [dataDir] });
  }

  async tell(order: Order): Promise<void> {
    await this.#child.send(JSON.stringify(order));
  }

  /** Waits for the report of this kind, which must be the next. */
  async hear(event: string): Promise<Report> {
    const report = await this.#child.next();
    if (report.event !== event) throw new Error(`The contender should say ${event}: ${JSON.stringify(report)}`);
    return report;
  }

  async ask(order: Order, event: string): Promise<Report> {
    await this.tell(order);
    return await this.hear(event);
  }

  /** By SIGKILL: nothing of the process runs any more. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}
