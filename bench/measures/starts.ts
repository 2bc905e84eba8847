import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { makeDataDir, type Place, PLACES } from "../places.ts";
import { PROGRAMS, run } from "../start.ts";
import { inTurns, median, timeOf } from "../statistics.ts";

/** What the module adds to the start of a Deno program. */
export async function measureStarts(effort: Effort): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const place of PLACES) measures.push(await measureStart(place, effort));
  return measures;
}

async function measureStart(place: Place, { starts }: Effort): Promise<Measure> {
  const dir = makeDataDir(place);
  const times = await inTurns(
    starts,
    PROGRAMS.map((program) => ({ name: program.name, measure: () => timeOf(() => run(program, dir), 0) })),
  );
  return {
    id: `start-${place.name}`,
    title: `start to end of a Deno program, ${place.name}`,
    unit: "ms",
    how: `median of ${starts}`,
    figures: [...times].map(([name, values]) => ({ name, value: median(values) })),
  };
}
