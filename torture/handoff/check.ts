import type { Entry } from "./record.ts";

/**
 * The violations of "at most one writer at a time": anything that a writer does after another one has entered. The
 * order of the record is the proof; nothing here knows how a handoff is done.
 */
export function checkWriters(entries: readonly Entry[]): string[] {
  const violations: string[] = [];
  let writer: { pid: number; hold: number } | undefined;
  for (const entry of entries) {
    if (entry.what === "enter") {
      writer = entry;
      continue;
    }
    if (entry.what !== "write" && entry.what !== "exit") continue;
    if (writer !== undefined && entry.pid === writer.pid && entry.hold === writer.hold) {
      if (entry.what === "exit") writer = undefined;
      continue;
    }
    const now = writer === undefined ? "nobody" : `${writer.pid} (hold ${writer.hold})`;
    violations.push(`${entry.pid} (hold ${entry.hold}) did "${entry.what}" while the writer was ${now}`);
  }
  return violations;
}
