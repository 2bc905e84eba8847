import { Arena } from "./arena.ts";
import { wreakHavoc } from "./chaos.ts";
import { check, type Verdict } from "./checker.ts";
import { now } from "./clock.ts";
import { Crew } from "./crew.ts";
import type { JournalRecord } from "./entry.ts";
import { contend } from "./foreign.ts";
import { onInterruption } from "./interruption.ts";
import { findMeans, type Means } from "./means.ts";
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
}

/** What came of it. */
export interface Outcome extends Verdict {
  readonly records: readonly JournalRecord[];
  readonly means: Means;
}

/** Lets real processes contend for one directory, and torments them meanwhile. */
export async function torture({ seconds, processes, seed, dir, importMap }: TortureOptions): Promise<Outcome> {
  using arena = new Arena(dir);
  const { dataDir, journal } = arena;
  const driver = { who: "driver", pid: Deno.pid };
  const crew = new Crew(journal, driver);
  using _ = onInterruption(async () => {
    // One that is stopped just then would stay so for ever.
    await crew.dismiss();
    arena[Symbol.dispose]();
  });
  const means = await findMeans(arena.path);
  const until = now() + seconds * 1_000;
  const orders = { dataDir, journal: arena.journalPath, seed, until, unprivileged: false };
  const contender = { program: "contender.ts", importMap } as const;
  const inspector = { program: "inspector.ts", importMap } as const;

  journal.append(driver, { what: "begin", inode: arena.inode() });
  const places = Array.from({ length: processes }, (_, index) => {
    const prefix = means.slowMotion && index === 0 ? SLOW_MOTION : [];
    const unprivileged = means.otherUsers && index % 2 === 1;
    return crew.staff(String(index + 1), { ...orders, unprivileged }, { ...contender, prefix });
  });
  await allEnded([
    ...places,
    crew.run({ ...orders, who: "asker" }, inspector),
    crew.run({ ...orders, who: "prober", unprivileged: true }, inspector),
    ...means.foreigners.map((foreigner) => {
      const random = new Random(`${seed} ${foreigner.name}`);
      return contend(foreigner, { journal, dataDir, random }, until);
    }),
    wreakHavoc({ journal, driver, crew, random: new Random(seed), dataDir, scratch: arena.scratch }, until),
  ]);
  // Whoever was killed in the midst of an acquire, the next one leaves nothing of that; and its child keeps no lock.
  await crew.run({ ...orders, who: "last", until: now(), lastEnd: "orphan" }, contender);
  journal.append(driver, { what: "end", inode: arena.inode(), free: arena.isFree(), files: arena.files() });

  const records = journal.records();
  return { ...check(records), records, means };
}

/** Waits for all, also when one fails, which it then tells: none must be left that still writes into the journal. */
async function allEnded(parts: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(parts);
  await Promise.all(parts);
}
