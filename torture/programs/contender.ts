/**
 * Takes the lock again and again, in every way, holds it for a moment and lets go of it, in every way, and writes all of
 * it into the journal. It has no mercy with itself: some ways to let go of a lock end the process.
 */
import process from "node:process";
import { DataDirLock, type Holder, LockHeldError } from "@scope/handoff";
import { now, pause } from "../clock.ts";
import type { HoldEnd } from "../record.ts";
import { hold } from "../hold.ts";
import { brief, Journal } from "../journal.ts";
import { ownOrders } from "../orders.ts";
import { Random } from "../random.ts";

const { who, dataDir, journal: path, seed, until, lastEnd = "release", unprivileged } = ownOrders();
const me = { who, pid: Deno.pid };
const random = new Random(seed);
using journal = new Journal(path);

/** The user and group `nobody`. */
const NOBODY = 65534;
if (unprivileged) {
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}

const LONGEST_PAUSE_MS = 5;
const LONGEST_WORK_MS = 5;
const LONGEST_WAIT_MS = 300;
const LONGEST_PATIENCE_MS = 20;

type OnWait = (holder: Holder) => void;

const FORMS: Readonly<Record<string, (onWait: OnWait) => DataDirLock | Promise<DataDirLock>>> = {
  acquire: () => DataDirLock.acquire(dataDir),
  acquireSync: () => DataDirLock.acquireSync(dataDir),
  acquireOrBreakStale: () => DataDirLock.acquireOrBreakStale(dataDir, { onStale }),
  acquireOrBreakStaleSync: () => DataDirLock.acquireOrBreakStaleSync(dataDir, { onStale }),
  timeout: (onWait) => DataDirLock.acquire(dataDir, { timeout: random.milliseconds(LONGEST_WAIT_MS), onWait }),
  timeoutOrBreakStale: (onWait) =>
    DataDirLock.acquireOrBreakStale(dataDir, { timeout: random.milliseconds(LONGEST_WAIT_MS), onWait, onStale }),
  signal: (onWait) => {
    const signal = AbortSignal.timeout(random.milliseconds(LONGEST_PATIENCE_MS));
    return DataDirLock.acquire(dataDir, { timeout: Infinity, signal, onWait });
  },
};

const ENDS: Readonly<Record<HoldEnd, (lock: DataDirLock) => Promise<void>>> = {
  release: (lock) => lock.release(),
  "Deno.exit": () => Deno.exit(),
  throw: () => {
    setTimeout(() => {
      throw new Error("thrown on purpose");
    });
    return forever();
  },
  orphan: () => {
    // The last one must outlive the look whether the lock is free, on a busy machine as well.
    const seconds = lastEnd === "orphan" ? "30" : "1";
    new Deno.Command("sleep", { args: [seconds], stdin: "null", stdout: "null", stderr: "null" }).spawn();
    Deno.kill(Deno.pid, "SIGKILL");
    return forever();
  },
};

journal.append(me, { what: "start" });
Deno.stdout.writeSync(new TextEncoder().encode("started\n"));
let done = false;
while (!done || now() < until) {
  await turn(random.pick(Object.keys(FORMS)));
  await pause(random.milliseconds(LONGEST_PAUSE_MS));
}

async function turn(form: string): Promise<void> {
  const start = now();
  let waiting = false;
  const waited = () => waiting ? Math.round(now() - start) : 0;
  try {
    const lock = await FORMS[form](() => waiting = true);
    const plan = { form, waited: waited(), workMs: random.milliseconds(LONGEST_WORK_MS), end: pickEnd() };
    await hold(journal, me, { dataDir, plan });
    report(() => lock.verify());
    await ENDS[plan.end](lock);
    done = true;
  } catch (error) {
    explain(error, form, waited());
  }
}

/** Releases above all, since the next process takes its time to start. */
function pickEnd(): HoldEnd {
  if (now() >= until) return lastEnd;
  if (!random.perMille(15)) return "release";
  return random.pick(["Deno.exit", "throw", "orphan"]);
}

function explain(error: unknown, form: string, waited: number): void {
  if (error instanceof LockHeldError) {
    const { pid: named, liveness } = error.holder;
    journal.append(me, { what: "refused", form, waited, named, liveness });
  } else if (form === "signal" && error instanceof DOMException && error.name === "TimeoutError") {
    journal.append(me, { what: "aborted", waited });
  } else {
    journal.append(me, { what: "error", message: brief(String(error)) });
    done = true;
  }
}

/** A lock that was lost is released like any other, for the next one to see what is left. */
function report(check: () => void): void {
  try {
    check();
  } catch (error) {
    explain(error, "verify", 0);
  }
}

/** In place of the warning: there would be one for each stale pidfile. */
function onStale(): void {}

function forever(): Promise<void> {
  return new Promise(() => {});
}
