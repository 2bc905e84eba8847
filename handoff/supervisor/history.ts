import type { UpgradeRecord } from "../protocol/trigger.ts";

/** How many upgrades are kept. */
const CAPACITY = 100;

/** The last upgrades, the newest first. */
export class History {
  readonly #records: UpgradeRecord[] = [];

  add(record: UpgradeRecord): void {
    this.#records.unshift(record);
    this.#records.splice(CAPACITY);
  }

  /** Adds to a record what has come to be known since. */
  amend(handoffId: string, more: Partial<Pick<UpgradeRecord, "connectionsMoved" | "cut">>): void {
    const at = this.#records.findIndex((record) => record.handoffId === handoffId);
    const record = this.#records[at];
    if (record !== undefined) this.#records[at] = { ...record, ...more };
  }

  /** Goes on after these. */
  restore(records: readonly UpgradeRecord[]): void {
    this.#records.splice(0, CAPACITY, ...records.slice(0, CAPACITY));
  }

  get latest(): UpgradeRecord | undefined {
    return this.#records[0];
  }

  all(): readonly UpgradeRecord[] {
    return [...this.#records];
  }
}
