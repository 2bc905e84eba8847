import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What a process of the torture appends to the record, in the order in which the kernel appends it. */
export type Entry =
  /** A daemon's program has begun to run. */
  | { readonly what: "start"; readonly pid: number }
  /** `open` has been called: from here on this process is the writer, for the `hold`th time. */
  | { readonly what: "enter"; readonly pid: number; readonly hold: number; readonly role: string }
  /** It has written. */
  | { readonly what: "write"; readonly pid: number; readonly hold: number; readonly id: number }
  /** Its state is disposed of: it writes no more. */
  | { readonly what: "exit"; readonly pid: number; readonly hold: number }
  /** What the driver did, to be seen beside the others. */
  | { readonly what: "driver"; readonly did: string };

/**
 * One file that all processes append to: each line by one write(2) with O_APPEND, so that the order of the lines is the
 * order of the events, whatever the clocks say.
 */
export class TortureRecord implements Disposable {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, "a");
  }

  append(entry: Entry): void {
    writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** All entries; a last line that SIGKILL cut short is left out. */
export function readRecord(path: string): Entry[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}
