/**
 * All figures in one run: prints them, and writes `results.json`, which `chart/main.ts` draws. With `--quick` it only
 * shows that everything can be measured, and writes nothing. Run by `deno task bench`.
 */
import { draw } from "./draw.ts";
import { describeEnvironment } from "./environment.ts";
import { type Effort, FULL, QUICK } from "./effort.ts";
import { round } from "./format.ts";
import { type Measure, withRatios } from "./measure.ts";
import { measureContention } from "./measures/contention.ts";
import { measureCycles } from "./measures/cycles.ts";
import { measureDeaths } from "./measures/deaths.ts";
import { measureGrowth } from "./measures/growth.ts";
import { measureHandovers } from "./measures/handovers.ts";
import { measureIdling } from "./measures/idling.ts";
import { measureLooks } from "./measures/looks.ts";
import { measureRefusals } from "./measures/refusals.ts";
import { measureStarts } from "./measures/starts.ts";
import type { Results } from "./results.ts";
import { describe, tables, verdicts } from "./table.ts";
import { checkTargets } from "./targets.ts";

const MEASUREMENTS: readonly ((effort: Effort) => Promise<Measure[]>)[] = [
  measureCycles,
  measureRefusals,
  measureHandovers,
  measureDeaths,
  measureIdling,
  measureContention,
  measureLooks,
  measureGrowth,
  measureStarts,
];

const quick = Deno.args.includes("--quick");
const environment = describeEnvironment();
console.log(`${describe(environment)}\n`);

const measures: Measure[] = [];
for (const measure of MEASUREMENTS) {
  const found = (await measure(quick ? QUICK : FULL)).map(withRatios);
  measures.push(...found);
  console.log(tables(found));
}
const targets = checkTargets(measures);
console.log(verdicts(targets));

if (!quick) {
  save({ environment, measures, targets });
  draw("main.ts");
}
// npm's locks leave timers behind, and what was made for the measurements goes with the unload event.
Deno.exit();

/** With as many digits as mean something. */
function save(results: Results): void {
  const text = JSON.stringify(results, (_, value) => typeof value === "number" ? round(value, 4) : value, 2);
  Deno.writeTextFileSync(new URL("results.json", import.meta.url), `${text}\n`);
}
