import type { History, Violation } from "./hold_history.ts";

/**
 * How often, for each that contends, all others together may get the lock before one that contends all the time: by
 * chance alone it happens less than once in 10^40 holds. Counted in holds, since a busy machine slows them all down.
 */
const PASSES_PER_CONTENDER = 100;

/** Places whose contenders were passed over again and again. */
export function findStarved(history: History): Violation[] {
  const starts = history.of("start").filter(({ who }) => who.includes("."));
  const places = new Set(starts.map(({ who }) => placeOf(who)));
  const most = places.size * PASSES_PER_CONTENDER;
  return [...places].flatMap((place) => {
    let last = history.records.findIndex((record) => record.what === "start" && placeOf(record.who) === place);
    let passes = 0;
    for (const { enter, start } of history.holds) {
      if (start < last) continue;
      if (placeOf(enter.who) !== place) passes++;
      else [last, passes] = [start, 0];
      if (passes > most) {
        return [{ rule: `the contender was passed over ${most} times`, records: [history.records[last], enter] }];
      }
    }
    return [];
  });
}

function placeOf(who: string): string {
  return who.split(".")[0];
}
