import { type Deadline, pause } from "./clock.ts";
import type { Crew } from "./crew.ts";
import type { Writer } from "./record.ts";
import type { Journal } from "./journal.ts";
import type { Program } from "./program.ts";
import type { Random } from "./random.ts";

/** Between two blows there is at most this; half a second of every minute is enough to start the killed again. */
const LONGEST_PAUSE_MS = 160;
/** How long a process is stopped. */
const LONGEST_STOP_MS = 60;

/** What happens to the processes and their directory meanwhile. */
export interface Scene {
  readonly journal: Journal;
  readonly driver: Writer;
  readonly crew: Crew;
  readonly random: Random;
  readonly dataDir: string;
  /** A path beside the directory and on the same filesystem, for what is on its way into it. */
  readonly scratch: string;
}

/** Kills processes, stops them for a while, and writes garbage into the pidfile, until the time has come. */
export async function wreakHavoc(scene: Scene, deadline: Deadline): Promise<void> {
  const stopped = new Set<Promise<void>>();
  while (!deadline.passed) {
    await pause(scene.random.milliseconds(LONGEST_PAUSE_MS));
    const blow = scene.random.below(10);
    const target = pickTarget(scene);
    if (blow < 2) plantGarbage(scene);
    else if (target === undefined) continue;
    else if (blow < 4) {
      const stop = stopForAWhile(scene, target).finally(() => stopped.delete(stop));
      stopped.add(stop);
    } else kill(scene, target);
  }
  await Promise.all(stopped);
}

/** As often as not it is whoever got the lock last, and is likely to have it. */
function pickTarget({ journal, crew, random }: Scene): Program | undefined {
  const { working } = crew;
  if (working.length === 0) return undefined;
  const holder = random.perMille(500) ? journal.lastEnter()?.who : undefined;
  return working.find((program) => program.who === holder) ?? random.pick(working);
}

/** It is written down first: whatever the target still writes, it lived until then. */
function kill({ journal, driver }: Scene, target: Program): void {
  journal.append(driver, { what: "kill", whom: target.who });
  target.kill("SIGKILL");
}

async function stopForAWhile({ journal, driver, random }: Scene, target: Program): Promise<void> {
  journal.append(driver, { what: "stop", whom: target.who });
  target.kill("SIGSTOP");
  await pause(random.milliseconds(LONGEST_STOP_MS));
  target.kill("SIGCONT");
}

/** By rename, so that a holder never finds half of it: what it then sees is its own pid or the whole of this. */
function plantGarbage({ journal, driver, random, dataDir, scratch }: Scene): void {
  const text = random.pick([...GARBAGE, `${driver.pid}\n`]);
  Deno.writeTextFileSync(scratch, text);
  journal.append(driver, { what: "plant", text });
  Deno.renameSync(scratch, `${dataDir}/.handoff.pidfile`);
}

/** No pid at all, one that nobody can have, and that of a process which lives and belongs to root. */
const GARBAGE = [
  "",
  "\n",
  "garbage\n",
  "0\n",
  "-1\n",
  "12 34\n",
  "0x10\n",
  "99999999999999999999\n",
  "2147483647\n",
  "1\n",
];
