import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { makeDataDir, PLACES } from "../places.ts";
import { sideBySide } from "./side_by_side.ts";

/** What it takes to acquire a free lock and to release it. */
export async function measureCycles(effort: Effort): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const { name, parent } of PLACES) {
    const dir = makeDataDir({ name, parent });
    const sync = { id: `cycle-sync-${name}`, title: `acquire and release, sync, ${name}` };
    measures.push(await sideBySide(sync, effort, ({ takeSync }) => () => takeSync(dir)()));
    const async = { id: `cycle-async-${name}`, title: `acquire and release, async, ${name}` };
    measures.push(await sideBySide(async, effort, ({ take }) => async () => await (await take(dir))()));
  }
  return measures;
}
