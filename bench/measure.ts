import { OURS } from "./contestant.ts";

/** What a number counts. */
export type Unit = "ms" | "% of a core" | "rounds/s" | "MB" | "descriptors";

/** One contestant's result. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** The 99th percentile, where the value is the 50th. */
  readonly p99?: number;
  /** How many times worse than the module it is. */
  readonly ratio?: number;
}

/** One thing that was measured, for all contestants. */
export interface Measure {
  /** By which the chart, the targets and the table find it. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** How the values came about: what they are the median of. */
  readonly how: string;
  readonly figures: readonly Figure[];
}

/** Adds the ratios, which are what can be compared between machines; none where the module is not among the contestants. */
export function withRatios(measure: Measure): Measure {
  const ours = measure.figures.find(({ name }) => name === OURS)?.value;
  if (!ours) return measure;
  const worseness = (value: number) => measure.unit === "rounds/s" ? ours / value : value / ours;
  return { ...measure, figures: measure.figures.map((figure) => ({ ...figure, ratio: worseness(figure.value) })) };
}
