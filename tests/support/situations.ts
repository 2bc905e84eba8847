import type { LockStatus } from "@scope/handoff";
import { deadPid } from "./dead_pid.ts";
import { ForeignHolder } from "./foreign_holder.ts";
import type { TempDir } from "./temp_dir.ts";

/** What the lock of a directory can be like, and what an inspection is to tell of it. */
export interface Situation {
  readonly name: string;
  /** Whether there is a lockfile, of which the kernel could tell something. */
  readonly lockfile: boolean;
  readonly told: Pick<LockStatus, "held" | "pidfile" | "holder" | "reader">;
  /** What is told where there is but the probe, if it is something else. */
  readonly probed?: Pick<LockStatus, "held" | "pidfile" | "holder">;
  /** Brings it about in `data`, for as long as what is returned lives. */
  arrange(dir: TempDir): Disposable | void;
}

const DEAD = await deadPid();
const UNKNOWN = { liveness: "unknown", self: false } as const;
const THE_DEAD = { pid: DEAD, liveness: "dead", self: false } as const;
const THE_INIT = { pid: 1, liveness: "alive", self: false } as const;

/** In none of them the process that inspects holds the lock by its own pidfile. */
export const SITUATIONS: readonly Situation[] = [
  {
    name: "a directory that does not exist",
    lockfile: false,
    told: { held: false, pidfile: "missing", holder: UNKNOWN },
    arrange: (dir) => Deno.removeSync(dir.join("data")),
  },
  {
    name: "a directory that was never locked",
    lockfile: false,
    told: { held: false, pidfile: "missing", holder: UNKNOWN },
    arrange: (dir) => Deno.writeTextFileSync(dir.join("data/journal"), "entry\n"),
  },
  {
    name: "a directory whose lockfile was deleted",
    lockfile: false,
    told: { held: false, pidfile: "present", holder: THE_DEAD },
    arrange: (dir) => name(dir, `${DEAD}\n`),
  },
  {
    name: "a lock that was released",
    lockfile: true,
    told: { held: false, pidfile: "missing", holder: UNKNOWN },
    arrange: unlocked,
  },
  {
    name: "a free lock, whose last holder was killed",
    lockfile: true,
    told: { held: false, pidfile: "present", holder: THE_DEAD },
    arrange(dir) {
      unlocked(dir);
      name(dir, `${DEAD}\n`);
    },
  },
  {
    name: "a free lock, with a pidfile that names some process that is alive",
    lockfile: true,
    told: { held: false, pidfile: "present", holder: THE_INIT },
    arrange(dir) {
      unlocked(dir);
      name(dir, "1\n");
    },
  },
  {
    name: "a free lock with a malformed pidfile",
    lockfile: true,
    told: { held: false, pidfile: "malformed", holder: UNKNOWN },
    arrange(dir) {
      unlocked(dir);
      name(dir, "somebody\n");
    },
  },
  {
    name: "a lock that some program holds without a pidfile",
    lockfile: true,
    told: { held: true, pidfile: "missing", holder: UNKNOWN },
    arrange: (dir) => new ForeignHolder(dir.join("data")),
  },
  {
    name: "a lock that is held with a malformed pidfile",
    lockfile: true,
    told: { held: true, pidfile: "malformed", holder: UNKNOWN },
    arrange: (dir) => new ForeignHolder(dir.join("data"), { pidfile: "-1\n" }),
  },
  {
    name: "a lock that is held though the named holder is dead",
    lockfile: true,
    told: { held: true, pidfile: "present", holder: THE_DEAD },
    arrange: (dir) => new ForeignHolder(dir.join("data"), { pidfile: `${DEAD}\n` }),
  },
  {
    name: "a lock that some reader shares with others",
    lockfile: true,
    told: { held: true, reader: true, pidfile: "missing", holder: UNKNOWN },
    probed: { held: false, pidfile: "missing", holder: UNKNOWN },
    arrange(dir) {
      unlocked(dir);
      const reader = Deno.openSync(dir.join("data/.handoff.lock"));
      reader.lockSync(false);
      return reader;
    },
  },
];

function unlocked(dir: TempDir): void {
  Deno.writeTextFileSync(dir.join("data/.handoff.lock"), "");
}

function name(dir: TempDir, pidfile: string): void {
  Deno.writeTextFileSync(dir.join("data/.handoff.pidfile"), pidfile);
}
