/** Draws `bench/results.json` as `bench/results.svg`. */
import { drawChart } from "./chart.ts";

const results = JSON.parse(Deno.readTextFileSync(new URL("../results.json", import.meta.url)));
Deno.writeTextFileSync(new URL("../results.svg", import.meta.url), drawChart(results));
