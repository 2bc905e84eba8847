import { Arena } from "./arena.ts";
import { wreakHavoc } from "./chaos.ts";
import { check, type Verdict } from "./checker/checker.ts";
import { Deadline, now, pause } from "./clock.ts";
import { Crew } from "./crew.ts";
import type { JournalRecord } from "./record.ts";
import { contend } from "./foreign.ts";
import { onInterruption } from "./interruption.ts";
import type { Journal } from "./journal.ts";
import { type Capabilities, findCapabilities } from "./capabilities.ts";
import { Random } from "./random.ts";
import { SLOW_MOTION } from "./slow_motion.ts";

/** How a lock is tortured. */
export interface TortureOptions {
  readonly seconds: number;
  /** How many processes contend at a time. */
  readonly processes: number;
  /** What all choices follow from. What comes of them is up to the kernel, and differs from run to run. */
  readonly seed: string;
  /** Below which directory. */
  readonly dir: string;
  /** The path of an import map; it says which module is tortured, as `@scope/handoff`. */
  readonly importMap: string;
  /** Ends as soon as this promise is seen to be broken: what is promised of the end itself is not looked at then. */
  readonly stopAt?: string;
}

/** How often it is looked whether it is time to stop, in milliseconds. */
const LOOK_MS = 500;

/** What came of it. */
export interface Outcome extends Verdict {
  readonly records: readonly JournalRecord[];
  readonly capabilities: Capabilities;
}

/** Lets real processes contend for one directory, and torments them meanwhile. */
export async function torture(options: TortureOptions): Promise<Outcome> {
  const { seconds, processes, seed, dir, importMap } = options;
  using arena = new Arena(dir);
  const { dataDir, journal } = arena;
  const driver = { who: "driver", pid: Deno.pid };
  const crew = new Crew(journal, driver);
  using _ = onInterruption(async () => {
    // One that is stopped just then would stay so for ever.
    await crew.dismiss();
    arena[Symbol.dispose]();
  });
  const capabilities = await findCapabilities(arena.path);
  const deadline = new Deadline(seconds * 1_000);
  const orders = { dataDir, journal: arena.journalPath, seed, until: deadline.at, unprivileged: false };
  const contender = { program: "contender.ts", importMap } as const;
  const inspector = { program: "inspector.ts", importMap } as const;

  journal.append(driver, { what: "begin", inode: arena.inode() });
  const places = Array.from({ length: processes }, (_, index) => {
    const prefix = capabilities.slowMotion && index === 0 ? SLOW_MOTION : [];
    const unprivileged = capabilities.otherUsers && index % 2 === 1;
    return crew.staff(String(index + 1), { ...orders, unprivileged }, { ...contender, prefix });
  });
  await allEnded([
    ...places,
    crew.run({ ...orders, who: "asker" }, inspector),
    crew.run({ ...orders, who: "prober", unprivileged: true }, inspector),
    ...capabilities.foreigners.map((foreigner) => {
      const random = new Random(`${seed} ${foreigner.name}`);
      return contend(foreigner, { journal, dataDir, random }, deadline);
    }),
    wreakHavoc({ journal, driver, crew, random: new Random(seed), dataDir, scratch: arena.scratch }, deadline),
    stopEarly({ journal, crew, deadline }, options.stopAt),
  ]);
  if (deadline.early) {
    const records = journal.records();
    return { ...check(records), records, capabilities };
  }
  // Whoever was killed in the midst of an acquire, the next one leaves nothing of that; and its child keeps no lock.
  await crew.run({ ...orders, who: "last", until: now(), lastEnd: "orphan" }, contender);
  journal.append(driver, { what: "end", inode: arena.inode(), free: arena.isFree(), files: arena.files() });

  const records = journal.records();
  return { ...check(records), records, capabilities };
}

/** What there is to look at, and to end. */
interface Course {
  readonly journal: Journal;
  readonly crew: Crew;
  readonly deadline: Deadline;
}

/** Ends everything as soon as a promise is broken. What is found in a part of a journal is found in the whole of it, too. */
async function stopEarly({ journal, crew, deadline }: Course, rule: string | undefined): Promise<void> {
  while (rule !== undefined && !deadline.passed) {
    await pause(LOOK_MS);
    if (!check(journal.records()).violations.some((violation) => violation.rule === rule)) continue;
    deadline.end();
    await crew.dismiss();
  }
}

/** Waits for all, also when one fails, which it then tells: none must be left that still writes into the journal. */
async function allEnded(parts: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(parts);
  await Promise.all(parts);
}
