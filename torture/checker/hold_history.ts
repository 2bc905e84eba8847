import type { JournalRecord, RecordOf } from "../record.ts";

/** A promise that was broken, and the records that show it. */
export interface Violation {
  readonly rule: string;
  readonly records: readonly JournalRecord[];
}

/** A hold, from the record in which it is entered, by index, to that in which it is left, if it ever was. */
export interface Hold {
  readonly enter: RecordOf<"enter">;
  readonly start: number;
  readonly exit?: RecordOf<"exit">;
  readonly end?: number;
}

/** A journal, with what follows from it at once. */
export class History {
  readonly records: readonly JournalRecord[];
  /** In the order in which they were entered. */
  readonly holds: readonly Hold[];
  readonly #own = new Map<string, number>();
  readonly #killed = new Map<string, number>();
  readonly #starts = new Map<number, number[]>();
  readonly #plants: string[] = [];

  constructor(records: readonly JournalRecord[]) {
    this.records = records;
    this.holds = holdsOf(records);
    for (const [index, record] of records.entries()) {
      this.#own.set(record.who, index);
      this.#plants.push(record.what === "plant" ? record.text : this.#plants[index - 1]);
      if (record.what === "kill" && !this.#killed.has(record.whom)) this.#killed.set(record.whom, index);
      if (record.what === "start") this.#starts.set(record.pid, [...this.#starts.get(record.pid) ?? [], index]);
    }
  }

  /** The records of one kind. */
  of<What extends JournalRecord["what"]>(what: What): RecordOf<What>[] {
    return this.records.filter((record): record is RecordOf<What> => record.what === what);
  }

  /** The index of the last record that `who` wrote; -1 without any. */
  lastOf(who: string): number {
    return this.#own.get(who) ?? -1;
  }

  /** The index of the record that says that `who` is about to be killed. */
  killOf(who: string): number | undefined {
    return this.#killed.get(who);
  }

  /** Who had `pid` when the record at `index` was written; undefined if it was no contender's. */
  contenderAt(index: number, pid: number): string | undefined {
    const start = this.#starts.get(pid)?.findLast((start) => start < index);
    return start === undefined ? undefined : this.records[start].who;
  }

  /** What was last planted in the place of the pidfile when the record at `index` was written. */
  plantAt(index: number): string | undefined {
    return this.#plants[index];
  }
}

function holdsOf(records: readonly JournalRecord[]): Hold[] {
  const exits = new Map<string, number>();
  for (const [index, record] of records.entries()) {
    if (record.what === "exit") exits.set(`${record.who} ${record.hold}`, index);
  }
  return records.flatMap((record, start) => {
    if (record.what !== "enter") return [];
    const end = exits.get(`${record.who} ${record.hold}`);
    return [{ enter: record, start, end, exit: end === undefined ? undefined : records[end] as RecordOf<"exit"> }];
  });
}
