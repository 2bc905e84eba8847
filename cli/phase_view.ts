import type { OutcomeEvent, TriggerEvent, UpgradePhase } from "../handoff/protocol/trigger.ts";

/** What happens in a phase, for people. */
const PHASES: Readonly<Record<UpgradePhase, string>> = {
  start: "the successor starts",
  drain: "the old daemon finishes what is in flight",
  seal: "it flushes and closes its data",
  open: "the successor opens the data",
  soak: "the successor proves itself",
  commit: "the successor serves",
  resume: "back to the old daemon",
};

const WIDTH = Math.max(...Object.values(PHASES).map(({ length }) => length));
/** How often the line of the phase under way is rewritten on a terminal, in milliseconds. */
const INTERVAL_MS = 100;

/** Where a view is written. */
export interface ViewTarget {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

/** Shows an upgrade: a line a phase with its milliseconds, and on a terminal the one under way as it grows. */
export class PhaseView implements Disposable {
  readonly #target: ViewTarget;
  #current?: { readonly phase: UpgradePhase; readonly since: number } | undefined;
  #timer?: ReturnType<typeof setInterval>;

  constructor(target: ViewTarget) {
    this.#target = target;
  }

  show(event: TriggerEvent): void {
    if (event.event === "phase-begun") this.#begin(event.phase);
    if (event.event === "phase") this.#end(event.phase, event.ms);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#current !== undefined && this.#target.isTerminal()) this.#write("\r\x1b[K");
  }

  #begin(phase: UpgradePhase): void {
    this.#current = { phase, since: performance.now() };
    if (!this.#target.isTerminal()) return;
    this.#timer ??= setInterval(() => this.#rewrite(), INTERVAL_MS);
    this.#rewrite();
  }

  #rewrite(): void {
    if (this.#current === undefined) return;
    const { phase, since } = this.#current;
    this.#write(`\r${line(phase, performance.now() - since)}\x1b[K`);
  }

  #end(phase: UpgradePhase, ms: number): void {
    this.#current = undefined;
    this.#write(this.#target.isTerminal() ? `\r${line(phase, ms)}\x1b[K\n` : `${line(phase, ms)}\n`);
  }

  #write(text: string): void {
    this.#target.writeSync(new TextEncoder().encode(text));
  }
}

/** What an outcome means, in one sentence. */
export function sentence({ outcome, reason }: OutcomeEvent, committed = "committed"): string {
  const because = reason === undefined ? "" : `: ${reason}`;
  switch (outcome) {
    case "committed":
      return `${committed}${because}`;
    case "rolled-back":
      return `rolled back, the old daemon serves${because}`;
    case "nothing-begun":
      return `nothing was begun${because}`;
    case "nobody-serves":
      return `nobody serves${because}`;
    case "busy":
      return `busy${because}`;
  }
}

function line(phase: UpgradePhase, ms: number): string {
  return `${phase.padEnd(6)}  ${PHASES[phase].padEnd(WIDTH)}  ${ms.toFixed(0).padStart(7)} ms`;
}
