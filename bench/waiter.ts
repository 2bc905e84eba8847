import { DataDirLock } from "@scope/handoff";
import properLockfile from "proper-lockfile";
import { now } from "./shared_clock.ts";
import { OURS, type Release } from "./contestant.ts";

/** One way to wait until a directory is free, and to own it from then on. */
export interface Waiter {
  readonly name: string;
  wait(dataDir: string): Promise<Taken>;
  /** Who holds what it waits for, when it cannot hold anything for long itself. */
  readonly holder?: string;
  /** Whether its process can do nothing else while it waits, or is another one. */
  readonly occupies?: boolean;
  /** The first pause between two tries, in milliseconds, of one that tries seldom. */
  readonly retriesAfter?: number;
  /** Whether a lock whose holder is killed has to grow old before it is taken. */
  readonly waitsForAge?: boolean;
}

/** A lock that was waited for. */
export interface Taken {
  /** When it was taken, by `now`. */
  readonly at: number;
  readonly release: Release;
}

const ours: Waiter = {
  name: OURS,
  async wait(dataDir) {
    const lock = await DataDirLock.acquire(dataDir, { timeout: Infinity });
    return { at: now(), release: () => lock.release() };
  },
};

/** The kernel's own limit: what flock(1) does, without the start of a process, and what no event loop can afford. */
const blocking: Waiter = {
  name: "blocking flock(2)",
  occupies: true,
  // deno-lint-ignore require-await -- that it holds up the event loop is the point
  async wait(dataDir) {
    const file = Deno.openSync(`${dataDir}/.handoff.lock`, { read: true, write: true, create: true });
    file.lockSync(true);
    return { at: now(), release: () => file.close() };
  },
};

const flock1: Waiter = {
  name: "flock(1) and its command",
  occupies: true,
  holder: blocking.name,
  async wait(dataDir) {
    const args = [`${dataDir}/.handoff.lock`, "date", "+%s.%N"];
    const { stdout } = await new Deno.Command("flock", { args }).output();
    return { at: Number(new TextDecoder().decode(stdout)) * 1e3, release: () => {} };
  },
};

/** With the defaults of its `retries`: after 1 s, and then after twice as long each time. */
const proper: Waiter = {
  name: "npm proper-lockfile",
  retriesAfter: 1_000,
  waitsForAge: true,
  wait: (dataDir) => waitForProper(dataDir, { retries: 10 }),
};

/** What its users can do to wait for less long. */
const eagerProper: Waiter = {
  name: "npm proper-lockfile, every 10 ms",
  waitsForAge: true,
  wait: (dataDir) => waitForProper(dataDir, { retries: { forever: true, minTimeout: 10, maxTimeout: 10 } }),
};

async function waitForProper(dataDir: string, options: object): Promise<Taken> {
  const release = await properLockfile.lock(dataDir, options);
  return { at: now(), release };
}

/** What is measured side by side. */
export const WAITERS: readonly Waiter[] = [ours, blocking, flock1, eagerProper, proper].filter(isInstalled);

function isInstalled(waiter: Waiter): boolean {
  if (waiter !== flock1) return true;
  try {
    return new Deno.Command("flock", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** The waiter of that name. */
export function waiterNamed(name: string): Waiter {
  const waiter = WAITERS.find((waiter) => waiter.name === name);
  if (waiter === undefined) throw new Error(`There is no waiter ${name}`);
  return waiter;
}
