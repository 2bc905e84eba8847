import { OURS } from "./contestant.ts";
import type { Environment } from "./environment.ts";
import type { Target } from "./targets.ts";

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

/** Adds the ratios, which are what can be compared between machines; where the module is none of the contestants, none. */
export function withRatios(measure: Measure): Measure {
  const ours = measure.figures.find(({ name }) => name === OURS)?.value;
  if (!ours) return measure;
  const worseness = (value: number) => measure.unit === "rounds/s" ? ours / value : value / ours;
  return { ...measure, figures: measure.figures.map((figure) => ({ ...figure, ratio: worseness(figure.value) })) };
}

/** All of it. */
export interface Results {
  readonly environment: Environment;
  readonly measures: readonly Measure[];
  readonly targets: readonly Target[];
}

/** How much work goes into the figures. */
export interface Effort {
  /** Rounds, where all contestants take turns. */
  readonly rounds: number;
  /** How long one contestant's turn is, in milliseconds. */
  readonly turn: number;
  /** Handovers measured of each waiter. */
  readonly handovers: number;
  /** Holders killed for each waiter. */
  readonly deaths: number;
  /** For how long the idle are watched, in milliseconds. */
  readonly idle: number;
  /** Rounds in which many processes contend, or are idle. */
  readonly crowds: number;
  /** For how long many processes contend, in milliseconds. */
  readonly contention: number;
  /** After how many rounds of acquire and release the growth is looked at. */
  readonly growth: number;
  /** Programs started of each kind. */
  readonly starts: number;
}

/** For the report. */
export const FULL: Effort = {
  rounds: 11,
  turn: 50,
  handovers: 200,
  deaths: 30,
  idle: 10_000,
  crowds: 3,
  contention: 1_000,
  growth: 100_000,
  starts: 21,
};

/** To see whether everything works. */
export const QUICK: Effort = {
  rounds: 3,
  turn: 10,
  handovers: 20,
  deaths: 5,
  idle: 2_000,
  crowds: 1,
  contention: 300,
  growth: 10_000,
  starts: 3,
};
