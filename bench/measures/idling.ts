import { Child } from "../../tests/support/child.ts";
import { pause } from "../shared_clock.ts";
import { Contender } from "../contender_process.ts";
import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { makeDataDir, PLACES } from "../places.ts";
import { median } from "../statistics.ts";
import { WAITERS } from "../waiter.ts";

/** How many wait in one process. */
const CROWDS = [1, 50];

/** Until the waiters have started, and who tries ever more seldom does so seldom; in milliseconds. */
const SETTLING = 1_000;

/** The CPU that waiting takes while nothing happens, and while the holder writes to the directory without pause. */
export async function measureIdling({ idle, crowds }: Effort): Promise<Measure[]> {
  const shares = new Map<string, number[]>();
  for (let round = 0; round < crowds; round++) {
    for (const situation of ["idle", "writing"] as const) {
      for (const [key, share] of await watch(situation, idle)) shares.set(key, [...shares.get(key) ?? [], share]);
    }
  }
  return ["idle", "writing"].flatMap((situation) =>
    CROWDS.map((crowd) => ({
      id: `${situation}-${crowd}`,
      title: `CPU of ${crowd === 1 ? "a waiter" : `${crowd} waiters`}, holder ${situation}, tmpfs`,
      unit: "% of a core",
      how: `median of ${crowds} times ${idle / 1_000} s`,
      figures: idlers().map(({ name }) => ({ name, value: median(shares.get(keyOf(situation, name, crowd))!) })),
    } as const))
  );
}

/** The share of a core that each process of waiters takes; all wait for the same directory, at the same time. */
async function watch(situation: "idle" | "writing", ms: number): Promise<Map<string, number>> {
  const dir = makeDataDir(PLACES[0]);
  await using holder = new Child("../../bench/programs/lock_holder.ts", { args: [dir] });
  await holder.next();
  if (situation === "writing") await holder.ask("write");
  await using resources = new AsyncDisposableStack();
  const crowds = idlers().flatMap(({ name }) => CROWDS.map((crowd) => ({ name, crowd })));
  const shares = crowds.map(async ({ name, crowd }): Promise<[string, number]> => {
    const contender = resources.use(new Contender(dir));
    await contender.ask({ action: "wait", by: name, times: crowd }, "waiting");
    await pause(SETTLING);
    const { ms: before } = await contender.ask({ action: "usage" }, "usage");
    await pause(ms);
    const { ms: after } = await contender.ask({ action: "usage" }, "usage");
    return [keyOf(situation, name, crowd), 100 * (after - before) / ms];
  });
  return new Map(await Promise.all(shares));
}

/** Those who leave their process free to do anything else while they wait. */
function idlers() {
  return WAITERS.filter(({ occupies }) => !occupies);
}

function keyOf(situation: string, name: string, crowd: number): string {
  return `${situation} ${crowd} ${name}`;
}
