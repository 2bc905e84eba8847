import { readFileSync } from "node:fs";
import { inspectSync } from "../../lock/inspect.ts";
import { clearJournal, readJournal } from "../journal_file.ts";
import type { Os } from "../os.ts";
import type { Journal } from "../protocol/journal.ts";
import type { UpgradeRecord } from "../protocol/trigger.ts";
import type { SupervisorConfig } from "./config.ts";
import { settled } from "./hear.ts";
import type { Log } from "./log.ts";
import { SIGNALS } from "./signals.ts";

/** How long an incumbent of an interrupted upgrade may take to have the lock again, in milliseconds. */
const RELOCK_MS = 5_000;
const POLL_MS = 25;

/**
 * Comes to terms with an upgrade whose supervisor died in it, as its journal tells, before anything is started: the
 * successor is ended unless the directory is its own by now, so that no Begin that it has not read wakes it later; and
 * the incumbent gets the time to take its lock again. The journal is cleared: it never blocks the next upgrade.
 */
export async function settleInterrupted(
  os: Os,
  { dataDir, paths }: SupervisorConfig,
  log: Log,
): Promise<Journal | undefined> {
  const journal = await read(paths.journal, log);
  if (journal !== undefined) {
    log("interrupted-upgrade", { ...journal, startedAtUnixMs: Number(journal.startedAtUnixMs) });
    await endOrphan(os, journal, { dataDir, controlSocket: paths.controlSocket, log });
    await untilHeldOrDead(os, journal.incumbentPid, dataDir);
  }
  await clearJournal(paths.journal).catch((error) => log("journal-failed", { path: paths.journal, error: `${error}` }));
  return journal;
}

/** What the history has of such an upgrade; `serving` is who serves now. */
export function interruptedRecord(
  { handoffId, phase, successorPid, startedAtUnixMs }: Journal,
  serving: { readonly pid: number; readonly buildId: string } | undefined,
): UpgradeRecord {
  const isCommitted = serving !== undefined && serving.pid === successorPid;
  const who = isCommitted ? "its successor serves" : serving === undefined ? "nobody served" : "the old daemon serves";
  return {
    handoffId,
    atMs: Number(startedAtUnixMs),
    fromBuild: isCommitted ? "" : serving?.buildId ?? "",
    toBuild: isCommitted ? serving.buildId : undefined,
    outcome: isCommitted ? "committed" : serving === undefined ? "nobody-serves" : "rolled-back",
    reason: `its supervisor died in it (the journal says ${phase}); ${who}`,
    phases: {},
    connectionsMoved: 0,
    cut: [],
  };
}

async function read(path: string, log: Log): Promise<Journal | undefined> {
  try {
    return await readJournal(path);
  } catch (error) {
    log("journal-failed", { path, error: `${error}` });
    return undefined;
  }
}

interface Surroundings {
  readonly dataDir: string;
  readonly controlSocket: string;
  readonly log: Log;
}

async function endOrphan(
  os: Os,
  { successorPid }: Journal,
  { dataDir, controlSocket, log }: Surroundings,
): Promise<void> {
  if (successorPid === undefined) return;
  const pidfd = os.pidfd(successorPid);
  if (pidfd === undefined) return;
  using _closed = { [Symbol.dispose]: () => os.close(pidfd) };
  const { held, holder } = inspectSync(dataDir);
  if (!isSuccessor(successorPid, controlSocket) || (held && holder.pid === successorPid)) return;
  log("orphan-ended", { pid: successorPid });
  os.killPidfd(pidfd, SIGNALS.SIGKILL);
  await os.readable(pidfd);
}

/** Whether the process was started as a successor of this daemon: its number may have been given to another since. */
function isSuccessor(pid: number, controlSocket: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return environment.includes("HANDOFF_ROLE=successor") &&
      environment.includes(`HANDOFF_CONTROL_SOCKET=${controlSocket}`);
  } catch {
    return false;
  }
}

async function untilHeldOrDead(os: Os, pid: number, dataDir: string): Promise<void> {
  const pidfd = os.pidfd(pid);
  if (pidfd === undefined) return;
  using _closed = { [Symbol.dispose]: () => os.close(pidfd) };
  const died = new AbortController();
  const dead = os.readable(pidfd, { signal: died.signal }).then(() => true, () => true);
  for (const end = performance.now() + RELOCK_MS; performance.now() < end && !inspectSync(dataDir).held;) {
    if (await settled(dead, POLL_MS)) return;
  }
  died.abort();
  await dead;
}
