import { closeSync, constants, ftruncateSync, openSync, readSync, unlinkSync } from "node:fs";

/** How often the file is looked at, in milliseconds. */
const INTERVAL_MS = 100;
/** How many bytes of the end are kept for {@linkcode StderrTail.lines}. */
const KEPT_BYTES = 8 * 1024;
const KEPT_LINES = 20;
/** From this size on the file is emptied as soon as it was read to its end. */
const LARGE_BYTES = 1 << 20;

/**
 * The standard error of a successor until it serves: an unlinked file that the supervisor reads behind it. A pipe would
 * tie the two together: with its reader dead a daemon's next line would end it, and with its reader stopped block it.
 */
export class StderrTail implements Disposable {
  /** The file, for the successor's descriptor 2: opened for appending. */
  readonly fd: number;
  readonly #forward: (bytes: Uint8Array) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #buffer = new Uint8Array(64 * 1024);
  #position = 0;
  #closed = false;
  #kept = new Uint8Array(0);

  /** A file in `folder`; what is written to it is passed to `forward`. */
  constructor(folder: string, forward: (bytes: Uint8Array) => void) {
    this.fd = openUnlinked(folder);
    this.#forward = forward;
    this.#timer = setInterval(() => this.#read(), INTERVAL_MS);
  }

  /** The last lines, without the control sequences that a terminal would obey. */
  lines(): string[] {
    this.#read();
    const text = new TextDecoder().decode(this.#kept).replaceAll(SEQUENCES, "").replaceAll(CONTROLS, "").trimEnd();
    return text === "" ? [] : text.split("\n").slice(-KEPT_LINES);
  }

  /** Reads the rest, and closes the file; the lines stay. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    clearInterval(this.#timer);
    this.#read();
    this.#closed = true;
    closeSync(this.fd);
  }

  #read(): void {
    if (this.#closed) return;
    for (let count; (count = readSync(this.fd, this.#buffer, 0, this.#buffer.length, this.#position)) > 0;) {
      const bytes = this.#buffer.slice(0, count);
      this.#position += count;
      this.#forward(bytes);
      this.#keep(bytes);
    }
    if (this.#position < LARGE_BYTES) return;
    // A line that is written between the last read and here is lost; a full disk would lose more.
    ftruncateSync(this.fd, 0);
    this.#position = 0;
  }

  #keep(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#kept.length + bytes.length);
    all.set(this.#kept);
    all.set(bytes, this.#kept.length);
    this.#kept = all.slice(-KEPT_BYTES);
  }
}

/** What moves a cursor or reorders text, but for line feed and tab. */
// deno-lint-ignore no-control-regex -- they are what it is about
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** ECMA-48 control sequences, such as colours. */
// deno-lint-ignore no-control-regex -- they are what it is about
const SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]/g;

function openUnlinked(folder: string): number {
  const path = `${folder}/.handoff-stderr-${crypto.randomUUID()}`;
  const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  unlinkSync(path);
  return fd;
}
