import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { readJournal } from "../../../handoff/journal_file.ts";
import type { JournalPhase } from "../../../handoff/protocol/journal.ts";
import type { MessageType } from "../../../handoff/protocol/messages.ts";
import type { UpgradePhase } from "../../../handoff/protocol/trigger.ts";
import { claim } from "../../support/claim.ts";
import type { Outcome } from "../../support/command.ts";
import { Deployment } from "../../support/deployment.ts";
import { isAlive, killIfAlive, untilGone } from "../../support/detached.ts";
import type { FrameProxy } from "../../support/frame_proxy.ts";
import { until } from "../../support/patience.ts";

/** What the Rust crate left, as it was recorded. */
interface Recorded {
  readonly crash: string;
  readonly S_exit: number;
  /** Who had the lock in the end; null: no process, until a daemon was started again. */
  readonly flock: "O" | "N" | null;
  readonly journal: string | null;
}

/** A crash that the crate's matrix does not have. */
export interface FurtherCrash {
  readonly what: string;
  readonly crash: Crash;
  readonly serves: "O" | "N" | "another";
  readonly code: number;
  /** Whether the requests that the victim has in hand are lost with it. */
  readonly loses?: boolean;
}

/** Where an upgrade is to be stopped, and what is done to it there. */
export interface Crash {
  /** Stops it: a file that a daemon waits for, or a frame. */
  at(stage: Stage): Stop;
  /** Whom it kills; nobody where it is missing. */
  readonly kill?: "S" | "O" | "N";
  /** Whether a frame arrives all the same. It does not, by default: as if its sender had died before it sent it. */
  readonly arrives?: boolean;
  /** Options of the upgrade. */
  readonly flags?: readonly string[];
  /** Who serves in the end, where the crate leaves it open. */
  readonly serves?: "N";
}

/** Where an upgrade is stopped, or at least seen. */
export interface Stop {
  reached(): Promise<unknown>;
  /** Lets it go on; false: without the frame that is there. */
  goOn(arrives: boolean): void;
}

/** What a crash has to work with. */
export interface Stage {
  readonly deployment: Deployment;
  readonly proxy: FrameProxy;
}

const PHASES: readonly JournalPhase[] = ["negotiating", "draining", "sealing", "awaiting-ready", "committed"];
const MATRIX = new URL("../data/crash_matrix.jsonl", import.meta.url);

/** The crashes of the matrix, by the names that they have there. */
const CRASHES: Readonly<Record<string, Crash>> = {
  "S:s-after-o-hello": { kill: "S", at: frame("HelloAck") },
  "S:s-after-spawn-successor": { kill: "S", at: point("start-successor") },
  "S:s-after-n-hello": { kill: "S", at: frame("Hello") },
  "S:s-after-prepare-sent": { kill: "S", at: point("drain") },
  "S:s-after-drained-recv": { kill: "S", at: frame("SealRequest") },
  "S:s-after-seal-request-sent": { kill: "S", at: point("seal") },
  "S:s-after-seal-complete-recv": { kill: "S", at: frame("SealComplete") },
  // There both may serve: whoever is quicker. Here the successor has the lock, and goes on.
  "S:s-after-begin-sent": { kill: "S", at: point("open-successor"), serves: "N" },
  "S:s-after-ready-recv": { kill: "S", at: frame("Commit") },
  "S:s-after-commit-sent": { kill: "S", at: frame("Commit"), arrives: true },
  "S:s-after-journal-clear": { kill: "S", at: committed },
  "N:n-before-handshake": { kill: "N", at: point("start-successor") },
  "N:n-after-handshake": { kill: "N", at: point("drain") },
  "N:n-after-begin": { kill: "N", at: point("open-successor") },
  "N:n-before-announce-ready": { kill: "N", at: point("healthy") },
  "O:o-inside-drain": { kill: "O", at: point("drain") },
  "O:o-after-drained-sent": { kill: "O", at: frame("Drained"), arrives: true },
  "O:o-inside-seal": { kill: "O", at: point("seal") },
  "O:o-after-seal-flock-released": { kill: "O", at: frame("SealComplete") },
  "O:o-after-seal-complete-sent": { kill: "O", at: frame("SealComplete"), arrives: true },
  "O:o-after-commit-recv": { kill: "O", at: frame("Commit"), arrives: true },
};

/** A point at which a daemon of the tests waits. */
export function point(name: string): Crash["at"] {
  return ({ deployment }) => {
    const hold = deployment.hold(name);
    return { reached: hold.reached, goOn: () => hold.release() };
  };
}

/** A frame between supervisor and incumbent. */
export function frame(type: MessageType): Crash["at"] {
  return ({ proxy }) => {
    const stop = proxy.stop(type);
    return { reached: () => stop.reached(), goOn: (arrives) => arrives ? stop.pass() : stop.drop() };
  };
}

/** When it is over, and was committed. */
export function committed({ deployment }: Stage): Stop {
  const before = deployment.status();
  return {
    reached: async () => {
      const { generation } = await before;
      await until(async () => (await deployment.status()).generation > generation, "the upgrade is committed");
    },
    goOn: () => {},
  };
}

/** A phase of the upgrade that takes long enough. */
export function phase(name: UpgradePhase): Crash["at"] {
  return ({ deployment }) => ({
    reached: () => until(async () => (await deployment.status()).upgrade?.phase === name, `the phase is ${name}`),
    goOn: () => {},
  });
}

/** Claims the rows of the matrix about one role, and more. */
export function claimCrashes(role: "S" | "N" | "O", further: readonly FurtherCrash[]): void {
  let deployment: Deployment;
  Deno.test.beforeAll(async () => {
    deployment = await Deployment.start({ proxied: true, flags: ["--max-restarts", "1000"] });
  });
  Deno.test.afterAll(() => deployment[Symbol.asyncDispose]());

  for (const recorded of recordedRows().filter(({ crash }) => crash in CRASHES && crash.startsWith(role))) {
    claim(`a crash at ${recorded.crash.slice(2)} leaves what the Rust crate leaves, or better`, async () => {
      const crash = CRASHES[recorded.crash];
      // Where nobody served there, the successor was there all the time: here it begins.
      const serves = crash.serves ?? recorded.flock ?? "N";
      await crashes(deployment, crash, {
        serves,
        code: serves === "O" ? 1 : 0,
        journal: recorded.journal,
        loses: role === "O",
      });
    }, { needs: ["linux"] });
  }
  for (const { what, crash, ...expected } of further) {
    claim(what, () => crashes(deployment, crash, expected), { needs: ["linux"] });
  }
}

/** The recorded rows, in their order. */
export function recordedRows(): Recorded[] {
  return Deno.readTextFileSync(MATRIX).trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** The names of the crashes that are tested. */
export function testedCrashes(): string[] {
  return Object.keys(CRASHES);
}

/** Who must serve in the end, how the upgrade must exit, and what the crate's journal said. */
export interface Expected {
  readonly serves: "O" | "N" | "another";
  readonly code: number;
  readonly journal?: string | null;
  readonly loses?: boolean;
}

/** Crashes an upgrade under load; fails where something else comes of it than was expected, or something is lost. */
export async function crashes(deployment: Deployment, crash: Crash, expected: Expected): Promise<void> {
  // Where a test before this one has failed.
  if (!isAlive(deployment.supervisor.pid)) await deployment.supervise();
  const before = await deployment.pid();
  await using clients = deployment.clients();
  await clients.more();
  {
    await using proxy = deployment.proxy();
    const at = crash.at({ deployment, proxy });
    const started = deployment.daemons.length;
    const upgrade = deployment.upgrade({ flags: crash.flags });
    await at.reached();
    const successor = deployment.daemons.at(started)!;
    const victim = { S: deployment.supervisor.pid, O: before, N: successor }[crash.kill ?? "S"];
    const { arrives = false } = crash;
    // The supervisor has sent its last frame; for an incumbent, the supervisor does not know yet.
    if (crash.kill === "S" && arrives) at.goOn(arrives);
    if (crash.kill !== undefined) await killed(deployment, victim);
    at.goOn(arrives);
    assertOutcome(await upgrade, expected.code);
    const serves = await settled(deployment);
    const who = { [before]: "O", [successor]: "N" }[serves] ?? "another";
    assertEquals(who, expected.serves);
    assertEquals(deployment.lockHolder(), serves);
    await assertJournal(deployment, expected.journal, { isLeft: crash.kill === "S", successor });
  }
  if (crash.kill === "S") await deployment.supervise();
  await clients.more();
  await deployment.assertUpgradeCommits();
  await clients.more();
  await deployment.assertAllKept();
  assertEquals(await readJournal(deployment.journal), undefined);
  if (expected.loses) clients.assertFewFailed();
  else clients.assertNoneFailed();
}

/** The pid of the only daemon that is left, and that answers. */
async function settled(deployment: Deployment): Promise<number> {
  await until(() => deployment.livingDaemons().length === 1, "exactly one daemon is left");
  const pid = await deployment.pid();
  assertEquals(deployment.livingDaemons(), [pid]);
  return pid;
}

async function killed(deployment: Deployment, pid: number): Promise<void> {
  assert(isAlive(pid));
  if (pid === deployment.supervisor.pid) return await deployment.supervisor.killed();
  killIfAlive(pid, "SIGKILL");
  await untilGone(pid);
}

function assertOutcome({ code, stderr }: Outcome, expected: number): void {
  assertEquals(code, expected, stderr);
}

/**
 * Where the crate leaves no journal, there is none. One that is left names the same step or a later one, or the step
 * before, since nobody waits for the disk; and with it the successor, which the next supervisor may have to end.
 */
async function assertJournal(
  deployment: Deployment,
  theirs: string | null | undefined,
  { isLeft, successor }: { readonly isLeft: boolean; readonly successor: number },
): Promise<void> {
  const ours = await readJournal(deployment.journal);
  if (!isLeft || theirs === null) assertEquals(ours, undefined);
  if (ours === undefined || theirs === undefined || theirs === null) return;
  assertEquals(ours.successorPid, successor);
  const name = theirs.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase() as JournalPhase;
  assertGreaterOrEqual(PHASES.indexOf(ours.phase), PHASES.indexOf(name) - 1, `${ours.phase}, the crate's is ${name}`);
}
