import type { JournalRecord, RecordOf } from "../record.ts";
import type { History, Violation } from "./hold_history.ts";

/** What changes who holds the lock, or what the pidfile says. */
const CHANGES: ReadonlySet<JournalRecord["what"]> = new Set(["enter", "exit", "kill", "plant"]);

/**
 * Answers of `inspect` that were wrong all the time that it took to give them: from before the question until the answer
 * was written down the same process held the lock, and nothing changed.
 */
export function findWrongLooks(history: History): Violation[] {
  const violations: Violation[] = [];
  let lastChange = -1;
  for (const [index, record] of history.records.entries()) {
    if (CHANGES.has(record.what)) lastChange = index;
    if (record.what !== "look" || lastChange >= record.since) continue;
    const holder = holderAfter(history, lastChange);
    if (holder === undefined || isRight(history, record, { holder, index })) continue;
    violations.push({ rule: "inspect told something else than was so", records: [holder, record] });
  }
  return violations;
}

/** The enter record of who holds the lock after the change at `index`; undefined where that is not certain. */
function holderAfter(history: History, index: number): RecordOf<"enter"> | undefined {
  for (let at = index; at >= 0; at--) {
    const record = history.records[at];
    if (record.what === "exit") return undefined;
    if (record.what !== "enter") continue;
    return (history.killOf(record.who) ?? Infinity) <= index ? undefined : record;
  }
}

function isRight(
  history: History,
  look: RecordOf<"look">,
  { holder, index }: { holder: RecordOf<"enter">; index: number },
): boolean {
  if (!look.held) return false;
  if (look.kernelPid !== undefined && look.kernelPid !== holder.pid) return false;
  // A foreign holder has no pidfile, and what is there belongs to another.
  if (history.contenderAt(index, holder.pid) !== holder.who || look.named === holder.pid) return true;
  return isReading(look, history.plantAt(index));
}

/** Whether `inspect` may have found `text` in the pidfile. */
function isReading({ pidfile, named }: RecordOf<"look">, text: string | undefined): boolean {
  if (text === undefined) return false;
  return named === undefined ? pidfile === "malformed" : text === `${named}\n`;
}
