/** What the participants of a torture write into the journal. */
export type Entry =
  /** A contender is about to try for the first time. */
  | { readonly what: "start" }
  /**
   * The writer has the lock. `hold` is one more than the last that it found in the journal, `waited` the milliseconds
   * that it waited for it, `pidfile` what the pidfile said at that moment.
   */
  | Hold & { readonly what: "enter"; readonly form: string; readonly waited: number }
  /** The writer has done its work, still has the lock, and is about to end its hold in the way `end`. */
  | Hold & { readonly what: "exit"; readonly end: HoldEnd }
  /** The writer was told that the lock is held, by whom, and whether that process lives. */
  | {
    readonly what: "refused";
    readonly form: string;
    readonly waited: number;
    readonly named?: number;
    readonly liveness: string;
  }
  /** The writer gave up waiting. */
  | { readonly what: "aborted"; readonly waited: number }
  /** The writer was told something that nobody promised. */
  | { readonly what: "error"; readonly message: string }
  /** What `inspect` told the writer, who had found `since` records before it asked. */
  | {
    readonly what: "look";
    readonly since: number;
    readonly held: boolean;
    readonly source: string;
    readonly pidfile: string;
    readonly named?: number;
    readonly kernelPid?: number;
  }
  /** The driver is about to send a signal to `whom`. */
  | { readonly what: "kill" | "stop"; readonly whom: string }
  /** The driver is about to put `text` in the place of the pidfile. */
  | { readonly what: "plant"; readonly text: string }
  /** The driver saw the end of `whom`, who had said this on its standard error. */
  | {
    readonly what: "gone";
    readonly whom: string;
    readonly code: number;
    readonly signal?: string;
    readonly said: string;
  }
  /** `whom` did not come to an end, long after it should have. */
  | { readonly what: "stuck"; readonly whom: string }
  /** What the driver found in the directory, before all others or after them. */
  | { readonly what: "begin"; readonly inode?: number }
  | { readonly what: "end"; readonly inode?: number; readonly free: boolean; readonly files: readonly string[] };

/** How a hold ends; all but a release end the process too, the last by its own SIGKILL, and a child of it lives on. */
export type HoldEnd = "release" | "Deno.exit" | "throw" | "orphan";

interface Hold {
  readonly hold: number;
  readonly pidfile?: string;
}

/** Who writes: a name that is used once (`3.14` is the 15th process in place 3), and its process. */
export interface Writer {
  readonly who: string;
  readonly pid: number;
}

/** One line of the journal: an entry, who wrote it, and when. */
export type JournalRecord = Writer & { readonly at: number } & Entry;

/** The records of one kind. */
export type RecordOf<What extends Entry["what"]> = Extract<JournalRecord, { readonly what: What }>;
