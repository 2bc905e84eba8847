import { SAME_SIGNAL_MS } from "../timeouts.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Whether the daemon was asked to stop, by SIGTERM, SIGINT or the option `signal`: once, and for good. */
export class StopRequest implements Disposable {
  readonly #controller = new AbortController();
  readonly #asked?: AbortSignal | undefined;
  readonly #signals = SIGNALS.map((name) => [name, () => this.#ask(name)] as const);
  readonly #abort = () => this.#ask("options.signal was aborted");
  #grace?: ReturnType<typeof setTimeout>;

  constructor(asked?: AbortSignal) {
    this.#asked = asked;
    // A worker's signals are its process's.
    if (!("WorkerGlobalScope" in globalThis)) this.#addSignals();
    if (asked?.aborted) this.#abort();
    else asked?.addEventListener("abort", this.#abort, { once: true });
  }

  /** Aborted when the daemon is to stop; its reason is a {@linkcode StopReason}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the daemon is to stop. */
  get asked(): boolean {
    return this.signal.aborted;
  }

  /** What asked for it. */
  get reason(): string {
    return this.signal.reason instanceof StopReason ? this.signal.reason.message : "";
  }

  /**
   * The daemon has begun to stop: from now on a further signal ends it at once. Not in the first second, since a terminal,
   * systemd and a supervisor may each send the same one.
   */
  begun(): void {
    this.#grace ??= setTimeout(() => this.#removeSignals(), SAME_SIGNAL_MS);
    Deno.unrefTimer(this.#grace);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#grace);
    this.#removeSignals();
    this.#asked?.removeEventListener("abort", this.#abort);
  }

  #ask(reason: string): void {
    this.#controller.abort(new StopReason(reason));
  }

  #addSignals(): void {
    for (const [name, listener] of this.#signals) Deno.addSignalListener(name, listener);
  }

  #removeSignals(): void {
    for (const [name, listener] of this.#signals) Deno.removeSignalListener(name, listener);
  }
}

/** Why the daemon is to stop: no error, but what an aborted wait rejects with. */
export class StopReason extends Error {}
