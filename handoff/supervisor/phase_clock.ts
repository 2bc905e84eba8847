import type { PhaseTimes, UpgradePhase } from "../protocol/trigger.ts";

/** Measures the phases of a handoff, and tells of each when it begins and when it is over. */
export class PhaseClock {
  readonly #report: (phase: UpgradePhase, ms?: number) => void;
  readonly #times: Partial<Record<UpgradePhase, number>> = {};
  #current?: { readonly phase: UpgradePhase; readonly since: number } | undefined;

  constructor(report: (phase: UpgradePhase, ms?: number) => void) {
    this.#report = report;
  }

  /** Ends the phase before, and begins this one. */
  begin(phase: UpgradePhase): void {
    this.stop();
    this.#current = { phase, since: performance.now() };
    this.#report(phase);
  }

  /** Ends the last phase. Returns what each took, in milliseconds. */
  stop(): PhaseTimes {
    if (this.#current !== undefined) {
      const { phase, since } = this.#current;
      this.#current = undefined;
      this.#times[phase] = Math.round((performance.now() - since) * 100) / 100;
      this.#report(phase, this.#times[phase]);
    }
    return { ...this.#times };
  }
}
