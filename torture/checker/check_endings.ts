import type { RecordOf } from "../record.ts";
import type { History, Violation } from "./hold_history.ts";

const LOCKFILE = ".handoff.lock";
const PIDFILE = ".handoff.pidfile";

/** What went wrong, or was left behind. */
export function findBadEndings(history: History): Violation[] {
  const broken = history.of("error").map((record) => violation("the lock failed", record));
  const stuck = history.of("stuck").map((record) => violation("a process did not come to its end", record));
  const fallen = history.of("gone").filter((record) => !isExpected(history, record))
    .map((record) => violation("a process ended, and nobody had ended it", record));
  return [...broken, ...stuck, ...fallen, ...findLeftOvers(history)];
}

function isExpected(history: History, { whom, code, signal }: RecordOf<"gone">): boolean {
  const last = history.records[history.lastOf(whom)];
  const end = last?.what === "exit" ? last.end : undefined;
  if (signal === "SIGKILL") return history.killOf(whom) !== undefined || end === "orphan";
  if (signal !== undefined) return false;
  return code === 0 || code === 1 && end === "throw";
}

function findLeftOvers(history: History): Violation[] {
  const [begin] = history.of("begin");
  const [end] = history.of("end");
  if (end === undefined) return [{ rule: "the torture did not come to its end", records: history.records.slice(-1) }];
  const rules = [
    end.inode !== begin.inode && "the lockfile is not the one that it was",
    !end.free && "the lock is held, and all that contended for it are gone",
    end.files.some((name) => name !== LOCKFILE && name !== PIDFILE) && "more than the lockfile and the pidfile is left",
  ];
  return rules.filter((rule) => rule !== false).map((rule) => ({ rule, records: [begin, end] }));
}

function violation(rule: string, record: Violation["records"][number]): Violation {
  return { rule, records: [record] };
}
