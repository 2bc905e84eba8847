import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { type Place, PLACES } from "../places.ts";
import { inTurns, median, percentile } from "../statistics.ts";
import { type Waiter, WAITERS } from "../waiter.ts";
import { Succession } from "./lock_succession.ts";

/** How often in a row one waiter is measured before it is the next one's turn. */
const TURN = 20;

/** How many of those who try seldom are measured at the same time, each in a directory of its own. */
const AT_ONCE = 10;

/** How long it takes until the next process has the lock, once it is released. */
export async function measureHandovers(effort: Effort): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const place of PLACES) measures.push(await handovers(place, effort), await firstHandovers(place, effort));
  return measures;
}

/** Between processes that live for all of the handovers. */
async function handovers(place: Place, { handovers }: Effort): Promise<Measure> {
  await using resources = new AsyncDisposableStack();
  const results = await inTurns(
    handovers / TURN,
    WAITERS.map((waiter) => {
      const count = waiter.retriesAfter === undefined ? 1 : AT_ONCE;
      const successions = Array.from({ length: count }, () => resources.use(new Succession(waiter, place)));
      return {
        name: waiter.name,
        async measure() {
          if (successions.length > 1) return await Promise.all(successions.map((each) => each.handover()));
          return await repeatedly(TURN, () => successions[0].handover());
        },
      };
    }),
  );
  return {
    id: `handover-${place.name}`,
    title: `release to the next holder, across processes, ${place.name}`,
    unit: "ms",
    how: `p50 and p99 of ${handovers}, or of ${handovers / TURN * AT_ONCE} for the default retries`,
    figures: [...results].map(([name, turns]) => {
      const values = turns.flat();
      return { name, value: median(values), p99: percentile(values, 99) };
    }),
  };
}

/** Between processes that have just started. */
async function firstHandovers(place: Place, { rounds }: Effort): Promise<Measure> {
  await using resources = new AsyncDisposableStack();
  const results = await inTurns(
    rounds,
    WAITERS.filter(isEager).map((waiter) => {
      const succession = resources.use(new Succession(waiter, place));
      return { name: waiter.name, measure: () => succession.firstHandover() };
    }),
  );
  return {
    id: `first-handover-${place.name}`,
    title: `the first release to the next holder in the life of both processes, ${place.name}`,
    unit: "ms",
    how: `median of ${rounds}`,
    figures: [...results].map(([name, values]) => ({ name, value: median(values) })),
  };
}

function isEager({ retriesAfter }: Waiter): boolean {
  return retriesAfter === undefined;
}

async function repeatedly<T>(times: number, act: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (results.length < times) results.push(await act());
  return results;
}
