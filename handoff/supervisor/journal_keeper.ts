import { clearJournal, writeJournal } from "../journal_file.ts";
import type { Log } from "./log.ts";
import type { JournalKeeper } from "./swap_parties.ts";

/** The journal at `path`. What the disk refuses is told, and stops no handoff: the journal only informs. */
export function keepJournal(path: string, log: Log): JournalKeeper {
  const tell = (error: unknown) => log("journal-failed", { path, error: String(error) });
  return {
    write: (journal) => writeJournal(path, journal).catch(tell),
    clear: () => clearJournal(path).catch(tell),
  };
}
