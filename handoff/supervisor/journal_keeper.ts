import { clearJournal, writeJournal } from "../journal_file.ts";
import type { Log } from "./log.ts";
import type { JournalKeeper } from "./swap_parties.ts";

/** The journal at `path`. What the disk refuses is told; only at the beginning it stops a handoff. */
export function keepJournal(path: string, log: Log): JournalKeeper {
  const tell = (error: unknown) => log("journal-failed", { path, error: String(error) });
  return {
    begin: (journal) => writeJournal(path, journal),
    write: (journal) => writeJournal(path, journal).catch(tell),
    clear: () => clearJournal(path).catch(tell),
  };
}
