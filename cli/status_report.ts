import type { SupervisorStatus } from "../handoff/protocol/trigger.ts";
import { existsSync, lstatSync } from "node:fs";
import { descriptorHoldersBeside, hasLockOpen, inspectSync, type LockStatus, pidfilePath } from "../lock/inspect.ts";
import { commandOf, startOf } from "./proc.ts";

/** A process that holds the lock, whatever the pidfile says. */
export interface DescriptorHolder {
  readonly pid: number;
  /** The process that took the lock and left it to this one; absent if this one took it. */
  readonly inheritedFrom?: number | undefined;
  /** Its command line. */
  readonly command?: readonly string[] | undefined;
}

/** What `status` tells; what cannot be found out is absent. */
export interface Report extends LockStatus {
  /** Whether there is such a directory. */
  readonly exists: boolean;
  /** Whether a writer that starts now gets the lock. */
  readonly safeToStart: boolean;
  /** Whether the pidfile names a process that is known not to hold the lock. */
  readonly stalePidfile: boolean;
  /** True where the process that the pidfile names was seen to have the lock; only `-A` on Linux can tell. */
  readonly seenHolding?: true | undefined;
  /** When the lock was taken: from then on the pidfile has named its holder. */
  readonly heldSince?: string | undefined;
  /** When the process that the pidfile names was started, if it is alive. */
  readonly startedAt?: string | undefined;
  /** The command line of the process that the pidfile names, if it is alive. */
  readonly command?: readonly string[] | undefined;
  /** The processes that do hold the lock, where that is not simply the one that the pidfile names. */
  readonly descriptorHolders?: readonly DescriptorHolder[] | undefined;
  /** What the supervisor of the directory says, where there is one that answers. */
  readonly supervisor?: SupervisorStatus | undefined;
}

/** Finds out about a directory, and changes nothing. */
export function reportOn(path: string): Report {
  const status = inspectSync(path);
  const { dataDir, held, holder: { pid, liveness, holds } } = status;
  const descriptorHolders = held ? holdersBeside(status) : undefined;
  const mayHold = held && liveness !== "dead" && holds !== false && !descriptorHolders?.length;
  const seen = mayHold && pid !== undefined && hasLockOpen(dataDir, pid) === true;
  const inherited = pid !== undefined && descriptorHolders?.some(({ inheritedFrom }) => inheritedFrom === pid);
  return {
    ...status,
    exists: existsSync(dataDir),
    safeToStart: !held,
    stalePidfile: pid !== undefined && !mayHold,
    seenHolding: seen || undefined,
    heldSince: seen || inherited ? writtenAt(pidfilePath(dataDir)) : undefined,
    ...pid !== undefined && liveness === "alive" ? factsOf(pid) : {},
    descriptorHolders,
  };
}

function factsOf(pid: number): Pick<Report, "startedAt" | "command"> {
  return { startedAt: startOf(pid)?.toISOString(), command: commandOf(pid) };
}

/**
 * The processes that hold the lock although the pidfile does not name them. It names a dead one where a child inherited
 * the lock, and where a program that has no pidfile took it; one that lives on unconcerned where its pid was given again,
 * or where it was written in another pid namespace.
 */
function holdersBeside({ dataDir, holder }: LockStatus): readonly DescriptorHolder[] | undefined {
  return descriptorHoldersBeside(dataDir, holder)?.map(({ pid, takenBy }) => {
    return { pid, inheritedFrom: takenBy === pid ? undefined : takenBy, command: commandOf(pid) };
  });
}

function writtenAt(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.mtime.toISOString();
}
