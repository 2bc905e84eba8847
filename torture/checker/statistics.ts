import type { History } from "./hold_history.ts";

/** What happened in a torture, in numbers. */
export interface Statistics {
  /** How often the lock was acquired. */
  readonly rounds: number;
  /** How many of these were other programs than Deno. */
  readonly foreignRounds: number;
  /** Processes that the driver ended by SIGKILL. */
  readonly kills: number;
  /** How many of these had the lock then. */
  readonly killedHolders: number;
  /** How often a process was stopped for a while. */
  readonly stops: number;
  /** How often garbage was put in the place of the pidfile. */
  readonly plants: number;
  readonly refusals: number;
  /** How often a process waited, with any outcome. */
  readonly waits: number;
  /** In milliseconds; of those that got the lock in the end. */
  readonly longestWait: number;
  /** How often `inspect` was asked. */
  readonly looks: number;
  readonly overlaps: number;
}

/** Counts. */
export function statisticsOf(history: History, overlaps: number): Statistics {
  const enters = history.of("enter");
  const refusals = history.of("refused");
  const waited = [...enters, ...refusals, ...history.of("aborted")].map((record) => record.waited);
  const killed = history.of("gone").filter(({ whom, signal }) =>
    signal === "SIGKILL" && history.killOf(whom) !== undefined
  );
  const contenders = new Set(history.of("start").map(({ who }) => who));
  return {
    rounds: enters.length,
    foreignRounds: enters.filter(({ who }) => !contenders.has(who)).length,
    kills: killed.length,
    killedHolders: history.holds.filter(({ enter, exit }) => exit === undefined && history.killOf(enter.who)).length,
    stops: history.of("stop").length,
    plants: history.of("plant").length,
    refusals: refusals.length,
    waits: waited.filter((ms) => ms > 0).length,
    longestWait: enters.reduce((longest, { waited }) => Math.max(longest, waited), 0),
    looks: history.of("look").length,
    overlaps,
  };
}
