import { findBadEndings } from "./check_endings.ts";
import { findOverlaps, findUnseenEntries } from "./check_exclusion.ts";
import { findWrongLooks } from "./check_inspections.ts";
import { findFalseDeaths, findWrongPidfiles } from "./check_pidfile.ts";
import { findStarved } from "./check_starvation.ts";
import type { JournalRecord } from "../record.ts";
import { History, type Violation } from "./hold_history.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";

/** What a journal tells of the lock that it is about. */
export interface Verdict {
  readonly statistics: Statistics;
  /** Empty for a lock that kept its promises. */
  readonly violations: readonly Violation[];
}

/** Reads a journal. It knows of the lock only what is promised, and shares no code with it. */
export function check(records: readonly JournalRecord[]): Verdict {
  const history = new History(records);
  const overlaps = findOverlaps(history);
  const violations = [
    overlaps,
    findUnseenEntries(history),
    findWrongPidfiles(history),
    findFalseDeaths(history),
    findWrongLooks(history),
    findStarved(history),
    findBadEndings(history),
  ].flat();
  return { statistics: statisticsOf(history, overlaps.length), violations };
}
