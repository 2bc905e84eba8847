import { now } from "../shared_clock.ts";
import { Contender } from "../contender_process.ts";
import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { makeDataDir, PLACES } from "../places.ts";
import { inTurns, median } from "../statistics.ts";
import { WAITERS } from "../waiter.ts";

const CROWDS = [1, 2, 8, 32];

/** How long the start is announced beforehand, so that all start at once; in milliseconds. */
const NOTICE = 100;

/** How often the lock is had per second, and how long one waits for it at worst, the more processes contend. */
export async function measureContention(effort: Effort): Promise<Measure[]> {
  const dir = makeDataDir(PLACES[0]);
  await using resources = new AsyncDisposableStack();
  const contenders = Array.from({ length: Math.max(...CROWDS) }, () => resources.use(new Contender(dir)));
  const measures: Measure[] = [];
  for (const crowd of CROWDS) measures.push(...await contention(contenders.slice(0, crowd), effort));
  return measures;
}

async function contention(contenders: readonly Contender[], { crowds, contention }: Effort): Promise<Measure[]> {
  const results = await inTurns(
    crowds,
    WAITERS.filter(({ holder }) => holder === undefined).map(({ name }) => ({
      name,
      measure: () => contend(contenders, name, contention),
    })),
    // Where the default retries lose, a round lasts for many seconds, and of three the median leaves the first one out.
    0,
  );
  const who = contenders.length === 1 ? "1 process" : `${contenders.length} processes`;
  const how = `median of ${crowds} times ${contention / 1_000} s`;
  const rates = [...results].map(([name, rounds]) => ({ name, value: median(rounds.map(({ rate }) => rate)) }));
  const waits = [...results].map(([name, rounds]) => ({ name, value: median(rounds.map(({ longest }) => longest)) }));
  return [
    { id: `rate-${contenders.length}`, title: `${who}: rounds, tmpfs`, unit: "rounds/s", how, figures: rates },
    { id: `wait-${contenders.length}`, title: `${who}: longest wait, tmpfs`, unit: "ms", how, figures: waits },
  ];
}

/** All acquire and release at once for so many milliseconds. */
async function contend(
  contenders: readonly Contender[],
  by: string,
  ms: number,
): Promise<{ rate: number; longest: number }> {
  const from = now() + NOTICE;
  const order = { action: "contend", by, from, until: from + ms } as const;
  const reports = await Promise.all(contenders.map((contender) => contender.ask(order, "contended")));
  return {
    rate: reports.reduce((sum, { rounds }) => sum + rounds, 0) / (ms / 1_000),
    longest: Math.max(...reports.map(({ longest }) => longest)),
  };
}
