import { Child } from "../../tests/support/child.ts";
import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { makeDataDir, PLACES } from "../places.ts";
import { beRefused, beRefusedSync } from "../refusal.ts";
import { sideBySide } from "./side_by_side.ts";

/** What it takes to be told that another process holds the lock. */
export async function measureRefusals(effort: Effort): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const { name, parent } of PLACES) {
    const dir = makeDataDir({ name, parent });
    await using holder = new Child("../../bench/programs/lock_holder.ts", { args: [dir] });
    await holder.next();
    const sync = { id: `refusal-sync-${name}`, title: `contended refusal, sync, ${name}` };
    measures.push(await sideBySide(sync, effort, (contestant) => () => beRefusedSync(contestant, dir)));
    const async = { id: `refusal-async-${name}`, title: `contended refusal, async, ${name}` };
    measures.push(await sideBySide(async, effort, (contestant) => () => beRefused(contestant, dir)));
  }
  return measures;
}
