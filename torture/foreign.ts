import { fromFileUrl } from "@std/path";
import { type Deadline, pause } from "./clock.ts";
import type { Writer } from "./record.ts";
import { hold } from "./hold.ts";
import type { Journal } from "./journal.ts";
import type { Random } from "./random.ts";

/** A foreign program that runs a command under the flock of a file, and ends when that is held. */
export interface Foreigner {
  readonly name: string;
  /** The command line, to which the file and the command are added. */
  readonly command: readonly string[];
  /** At most so long between two tries: what takes longer to start is started less often. */
  readonly longestPauseMs: number;
}

const LOCKER = fromFileUrl(new URL("../tests/programs/locker.py", import.meta.url));
const LONGEST_WORK_MS = 5;

/** Those that this machine may have. */
export const FOREIGNERS: readonly Foreigner[] = [
  { name: "flock", command: ["flock", "--nonblock"], longestPauseMs: 100 },
  { name: "python3", command: ["python3", LOCKER], longestPauseMs: 2_000 },
];

/** What a foreigner contends for, and where it is told. */
export interface Contention {
  readonly journal: Journal;
  readonly random: Random;
  readonly dataDir: string;
}

/** Lets a foreigner contend for the lock, again and again. */
export async function contend(foreigner: Foreigner, contention: Contention, deadline: Deadline): Promise<void> {
  for (let turn = 1; !deadline.passed; turn++) {
    await turnOf(foreigner, contention, `${foreigner.name}.${turn}`);
    await pause(contention.random.milliseconds(foreigner.longestPauseMs));
  }
}

/**
 * It runs `cat`, which echoes once the lock is held, and holds it until its input is closed; what a holder does is done
 * for it meanwhile. Now and then the locker is killed first; `cat` has inherited the lock of some, and keeps it.
 */
async function turnOf({ command }: Foreigner, { journal, random, dataDir }: Contention, who: string): Promise<void> {
  const [program, ...args] = [...command, `${dataDir}/.handoff.lock`, "cat"];
  const process = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const writer: Writer = { who, pid: process.pid };
  const input = process.stdin.getWriter();
  const output = process.stdout.getReader();
  // It fails where the lock is held: nobody reads it then.
  input.write(new TextEncoder().encode("held?\n")).catch(() => {});
  if ((await output.read()).done) {
    journal.append(writer, { what: "refused", form: command[0], waited: 0, liveness: "unknown" });
  } else {
    const plan = { form: command[0], waited: 0, workMs: random.milliseconds(LONGEST_WORK_MS), end: "release" } as const;
    await hold(journal, writer, { dataDir, plan });
    if (random.perMille(100)) process.kill("SIGKILL");
  }
  await input.close().catch(() => {});
  await output.cancel();
  await process.status;
}
