import { check } from "../../torture/checker/checker.ts";
import type { Entry, HoldEnd, JournalRecord, Writer } from "../../torture/record.ts";

/** Two contenders, in two places, a foreign holder, and the driver. */
export const ONE: Writer = { who: "1.1", pid: 101 };
export const TWO: Writer = { who: "2.1", pid: 102 };
export const FOREIGN: Writer = { who: "flock.1", pid: 103 };
export const DRIVER: Writer = { who: "driver", pid: 1000 };

/** An entry, and whose it is. */
export type Line = readonly [Writer, Entry];

/** How each journal starts. */
export const START: readonly Line[] = [
  [DRIVER, { what: "begin", inode: 7 }],
  [ONE, { what: "start" }],
  [TWO, { what: "start" }],
];

/** The rules that the lock of such a journal broke; its start and a good end are added. */
export function brokenRules(...lines: readonly Line[]): string[] {
  return verdictOn(...START, ...lines, goodEnd());
}

/** The rules that the lock of exactly this journal broke. */
export function verdictOn(...lines: readonly Line[]): string[] {
  const records = lines.map(([writer, entry], at): JournalRecord => ({ ...writer, at, ...entry }));
  return check(records).violations.map(({ rule }) => rule);
}

/** What the driver writes last, when nothing is wrong. */
export function goodEnd(found: Partial<Extract<Entry, { what: "end" }>> = {}): Line {
  return [DRIVER, { what: "end", inode: 7, free: true, files: [".handoff.lock", ".handoff.pidfile"], ...found }];
}

/** What a holder finds in the pidfile; its own pid if nothing else is said, and null for no pidfile. */
export interface Finding {
  readonly pidfile?: string | null;
}

/** Somebody gets the lock. */
export function enter(writer: Writer, hold: number, { pidfile = `${writer.pid}\n` }: Finding = {}): Line {
  return [writer, { what: "enter", hold, form: "acquire", waited: 0, pidfile: pidfile ?? undefined }];
}

/** Somebody is about to end its hold, by a release if nothing else is said. */
export function exit(
  writer: Writer,
  hold: number,
  { pidfile = `${writer.pid}\n`, end = "release" }: Finding & { readonly end?: HoldEnd } = {},
): Line {
  return [writer, { what: "exit", hold, end, pidfile: pidfile ?? undefined }];
}

/** A contender is refused, and told who holds. */
export function refused(writer: Writer, { named, liveness }: { named?: number; liveness: string } = UNKNOWN): Line {
  return [writer, { what: "refused", form: "acquire", waited: 0, named, liveness }];
}

const UNKNOWN = { liveness: "unknown" };

/** The driver is about to kill `whom`. */
export function kill({ who: whom }: Writer): Line {
  return [DRIVER, { what: "kill", whom }];
}

/** The driver puts something into the pidfile. */
export function plant(text: string): Line {
  return [DRIVER, { what: "plant", text }];
}
