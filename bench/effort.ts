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
