import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { now } from "./clock.ts";
import type { Entry, JournalRecord, RecordOf, Writer } from "./record.ts";

/**
 * The length of each record, in bytes. All are as long as this, and pages are a multiple of it: the kernel copies a
 * write page by page and may be stopped by SIGKILL in between, and so a record is there as a whole or not at all.
 */
const RECORD_BYTES = 256;

/** As much of `text` as a record has room for, and nothing that JSON would make longer. */
export function brief(text: string): string {
  return text.replace(/[^ !#-[\]-~]+/g, " ").trim().slice(0, 100);
}

/** How many records are read at once in search of the last hold. */
const WINDOW = 16;

/**
 * What happened to a lock, as told by those who took part in it, in one file that all of them append to.
 *
 * The order of the records is the evidence. The kernel appends one after the other, so what a holder wrote during its
 * hold and what another wrote during its own is in the order in which it was written, whatever the clocks say.
 */
export class Journal implements Disposable {
  readonly #fd: number;

  /** Opens the journal at `path`; creates it if it is missing. */
  constructor(path: string) {
    this.#fd = openSync(path, "a+");
  }

  /** The number of records. */
  get length(): number {
    return fstatSync(this.#fd).size / RECORD_BYTES;
  }

  /** Appends an entry of `writer`. */
  append(writer: Writer, entry: Entry): void {
    const at = Math.round(now() * 1_000) / 1_000;
    const text = JSON.stringify({ at, who: writer.who, pid: writer.pid, ...entry });
    const line = new TextEncoder().encode(`${text.padEnd(RECORD_BYTES - 1)}\n`);
    if (line.length !== RECORD_BYTES) throw new RangeError(`This is too long for the journal: ${text}`);
    if (writeSync(this.#fd, line) !== line.length) throw new Error("The journal took a part of a record");
  }

  /** The last record of a process that got the lock. */
  lastEnter(): RecordOf<"enter"> | undefined {
    for (let end = this.length; end > 0; end -= WINDOW) {
      const last = this.#read(Math.max(0, end - WINDOW), end).findLast((record) => record.what === "enter");
      if (last !== undefined) return last;
    }
  }

  /** All records. */
  records(): JournalRecord[] {
    return this.#read(0, this.length);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #read(start: number, end: number): JournalRecord[] {
    const bytes = new Uint8Array((end - start) * RECORD_BYTES);
    readSync(this.#fd, bytes, 0, bytes.length, start * RECORD_BYTES);
    return new TextDecoder().decode(bytes).trimEnd().split("\n").map((line) => JSON.parse(line));
  }
}
