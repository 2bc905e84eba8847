import type { Environment } from "./environment.ts";
import type { Measure } from "./measure.ts";
import { format, formatRatio } from "./format.ts";
import type { Target } from "./targets.ts";

/** The figures as text, each with how many times worse than the module's it is. */
export function tables(measures: readonly Measure[]): string {
  return measures.map(table).join("\n");
}

/** Where the figures come from, as text. */
export function describe({ cpu, cores, kernel, filesystems, versions }: Environment): string {
  return [
    `${cpu}, ${cores} cores, ${kernel}`,
    Object.entries(filesystems).map(([place, type]) => place === type ? place : `${place}: ${type}`).join(", "),
    Object.entries(versions).map((version) => version.join(" ")).join(", "),
  ].join("\n");
}

/** What was to be reached, and whether it was, as text. */
export function verdicts(targets: readonly Target[]): string {
  return lines(targets.map(({ promise, found, met }) => [met ? "met" : "NOT MET", promise, found]));
}

function table({ title, how, unit, figures }: Measure): string {
  const rows = figures.map(({ name, value, p99, ratio }) => [
    `  ${name}`,
    format(value, unit),
    p99 === undefined ? "" : `p99 ${format(p99, unit)}`,
    formatRatio(ratio),
  ]);
  return `${title} (${how})\n${lines(rows)}`;
}

/** One line for each row, its cells below those of the row before. */
function lines(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd() + "\n").join("");
}
