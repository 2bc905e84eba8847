import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { type Place, PLACES } from "../places.ts";
import { inTurns, median } from "../statistics.ts";
import { type Waiter, WAITERS } from "../waiter.ts";
import { Succession } from "./lock_succession.ts";

/** How many of those whose locks have to grow old are measured at the same time, each in a directory of its own. */
const AT_ONCE = 10;

/** How long it takes until the next process has the lock, once the holder is killed. */
export async function measureDeaths(effort: Effort): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const place of PLACES) measures.push(await deaths(place, effort));
  return measures;
}

async function deaths(place: Place, { deaths }: Effort): Promise<Measure> {
  await using resources = new AsyncDisposableStack();
  const [slow, fast] = [WAITERS.filter(waitsForAge), WAITERS.filter((waiter) => !waitsForAge(waiter))];
  const figures = await inTurns(
    deaths,
    fast.map((waiter) => {
      const succession = resources.use(new Succession(waiter, place));
      return { name: waiter.name, measure: () => succession.death() };
    }),
  );
  await Promise.all(slow.map(async ({ name }, index) => {
    const successions = Array.from({ length: AT_ONCE }, () => resources.use(new Succession(slow[index], place)));
    figures.set(name, await Promise.all(successions.map((succession) => succession.death())));
  }));
  return {
    id: `death-${place.name}`,
    title: `SIGKILL to the next holder, across processes, ${place.name}`,
    unit: "ms",
    how: `median of ${deaths}, or of ${AT_ONCE} for proper-lockfile`,
    figures: [...figures].map(([name, values]) => ({ name, value: median(values) })),
  };
}

function waitsForAge(waiter: Waiter): boolean {
  return waiter.waitsForAge === true;
}
