import type { JournalRecord } from "../record.ts";
import type { History, Hold, Violation } from "./hold_history.ts";

/** What a holder read in the pidfile, and nobody may have written there. */
export function findWrongPidfiles(history: History): Violation[] {
  return history.holds.flatMap((hold) => {
    const { enter, exit, start, end } = hold;
    const readings = [[start, enter.pidfile], [end, exit?.pidfile]] as const;
    return readings.flatMap(([index, text]) => {
      if (index === undefined || mayBeRead(history, hold, index, text)) return [];
      const records = index === start ? [enter] : [enter, history.records[index]];
      return [{ rule: "the pidfile did not name the holder", records }];
    });
  });
}

/**
 * A contender finds its own pid, or what the driver put there. A foreign holder, which publishes none, finds nothing
 * but that, or the pid of a contender that lost the lock by its death.
 */
function mayBeRead(history: History, { enter }: Hold, index: number, text: string | undefined): boolean {
  if (text !== undefined && text === history.plantAt(index)) return true;
  if (history.contenderAt(index, enter.pid) === enter.who) return text === `${enter.pid}\n`;
  return text === undefined || isOfDead(history, index, text);
}

function isOfDead(history: History, index: number, text: string): boolean {
  const who = history.contenderAt(index, Number(text));
  if (who === undefined || text !== `${Number(text)}\n`) return false;
  const last = history.records[history.lastOf(who)];
  const endedInHold = last.what === "exit" && (last.end === "throw" || last.end === "orphan");
  return endedInHold || (history.killOf(who) ?? Infinity) < index;
}

/** Processes that were called dead, and lived. */
export function findFalseDeaths(history: History): Violation[] {
  return history.records.flatMap((record, index) => {
    if (record.what !== "refused" || record.named === undefined || record.liveness !== "dead") return [];
    const proof = proofOfLife(history, index, record.named);
    return proof === undefined ? [] : [{ rule: "a live holder was called dead", records: [record, ...proof] }];
  });
}

/** The dead do not write. Process 1, which a contender finds in a planted pidfile, lives as long as the system. */
function proofOfLife(history: History, index: number, pid: number): JournalRecord[] | undefined {
  const who = history.contenderAt(index, pid);
  if (who === undefined) return pid === 1 ? [] : undefined;
  const last = history.lastOf(who);
  return last > index ? [history.records[last]] : undefined;
}
