import type { History, Hold, Violation } from "./hold_history.ts";

/** Holds that were entered before the one before had ended: at that moment two processes held the lock. */
export function findOverlaps(history: History): Violation[] {
  return consecutive(history).flatMap(([former, latter]) => {
    const until = lastSignOfLife(history, former);
    if (until < latter.start) return [];
    return [{ rule: "two held the lock at once", records: [former.enter, latter.enter, history.records[until]] }];
  });
}

/** Holds that are not numbered one by one: whoever got the lock did not see all that was written under it before. */
export function findUnseenEntries(history: History): Violation[] {
  const first = history.holds.slice(0, 1).filter((hold) => hold.enter.hold !== 1).map((hold) => [hold]);
  const later = consecutive(history).filter(([former, latter]) => latter.enter.hold !== former.enter.hold + 1);
  return [...first, ...later].map((holds) => ({
    rule: "the holder did not see the entries of those before it",
    records: holds.map((hold) => hold.enter),
  }));
}

/**
 * Up to where the holder surely held. One that was killed in its hold has no exit; it held when the driver was about to
 * kill it, if that was later than its last record.
 */
function lastSignOfLife(history: History, { enter, start, end }: Hold): number {
  return end ?? Math.max(start, history.lastOf(enter.who), history.killOf(enter.who) ?? 0);
}

function consecutive({ holds }: History): [Hold, Hold][] {
  return holds.slice(1).map((hold, index) => [holds[index], hold]);
}
