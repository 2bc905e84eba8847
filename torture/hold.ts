import type { HoldEnd, Writer } from "./record.ts";
import type { Journal } from "./journal.ts";
import { pause } from "./clock.ts";
import { readPidfile } from "./read_pidfile.ts";

/** How a hold came about, and what is to come of it. */
export interface HoldPlan {
  readonly form: string;
  readonly waited: number;
  readonly workMs: number;
  readonly end: HoldEnd;
}

/**
 * What a holder does with its lock: says in the journal that it holds it, works, and says that it is done. The number
 * is read, counted up and written back without any lock but the one that is tortured: two at a time would count to the
 * same number, and one that did not see what was written before it would count wrong.
 */
export async function hold(
  journal: Journal,
  writer: Writer,
  { dataDir, plan }: { dataDir: string; plan: HoldPlan },
): Promise<void> {
  const { form, waited, workMs, end } = plan;
  const number = (journal.lastEnter()?.hold ?? 0) + 1;
  journal.append(writer, { what: "enter", hold: number, form, waited, pidfile: readPidfile(dataDir) });
  if (workMs >= 1) await pause(workMs);
  journal.append(writer, { what: "exit", hold: number, pidfile: readPidfile(dataDir), end });
}
