import type { Report } from "./status_report.ts";
import type { UpgradeRecord } from "../handoff/protocol/trigger.ts";
import { ago, printable, printableLine, printableText } from "./text.ts";

/** What a person wants to know first, in one line. */
export function verdict(report: Report): string {
  const { held, reader, exists, stalePidfile, seenHolding, pidfile, holder: { pid, liveness } } = report;
  if (!exists) return "free; the directory does not exist";
  if (!held) return stalePidfile ? `free; a stale pidfile names process ${pid}, ${which(liveness)}` : "free";
  if (reader) return "held by a reader: a shared flock is in the way, and nobody writes";
  if (pidfile !== "present") return `held, but the pidfile does not name the holder: it is ${pidfile}`;
  if (liveness === "dead") return `held, but the named holder, process ${pid}, is dead`;
  if (stalePidfile) return `held, but not by the named holder, process ${pid}`;
  if (seenHolding) return `held by process ${pid}, which is alive`;
  const named = `held; the pidfile names process ${pid}`;
  // A process of that number may be a stranger, to which the number was given again, or of another container.
  return liveness === "alive" ? `${named}, and a process ${pid} is alive` : `${named}, ${which(liveness)}`;
}

function which(liveness: Report["holder"]["liveness"]): string {
  return liveness === "unknown" ? "of which the kernel does not tell whether it is alive" : `which is ${liveness}`;
}

/** The rest: what is known, and what to do. */
export function explain(report: Report): string {
  const known = rows(report);
  const width = Math.max(...known.map(([label]) => label.length));
  const table = known.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`);
  return [...table, advice(report), "Never delete .handoff.lock: a second writer could then start beside the first."]
    .join("\n");
}

function rows(report: Report): [label: string, text: string][] {
  const { dataDir, heldSince, startedAt, command, holder: { pid } } = report;
  const rows: [string, string][] = [["directory", printable(dataDir)]];
  if (heldSince !== undefined) rows.push(["held since", ago(new Date(heldSince))]);
  rows.push(...holderRows(report), ["pidfile", pidfileText(report)]);
  if (command !== undefined) rows.push([`process ${pid}`, printableLine(command)]);
  if (startedAt !== undefined) rows.push(["started", ago(new Date(startedAt))]);
  return [...rows, ...supervisorRows(report)];
}

function supervisorRows({ supervisor }: Report): [label: string, text: string][] {
  if (supervisor === undefined) return [];
  const { supervisorPid, supervisorSinceMs, daemon, upgrade, lastUpgrade, restarts, restartAtMs } = supervisor;
  const rows: [string, string][] = [
    ["supervised by", `process ${supervisorPid}, since ${ago(new Date(supervisorSinceMs))}`],
  ];
  if (daemon !== undefined) {
    rows.push(["build", printable(daemon.buildId)], ["serves since", ago(new Date(daemon.sinceMs))]);
  } else rows.push(["daemon", restartAtMs === undefined ? "none" : "died; it is about to be started again"]);
  if (restarts > 0) rows.push(["restarts", `${restarts}`]);
  if (upgrade !== undefined) rows.push(["upgrade", `under way: ${upgrade.phase}`]);
  if (lastUpgrade !== undefined) rows.push(["last upgrade", upgradeText(lastUpgrade)]);
  return rows;
}

function upgradeText({ outcome, reason, atMs }: UpgradeRecord): string {
  const why = reason === undefined ? "" : `: ${printableText(reason)}`;
  return `${outcome}, ${ago(new Date(atMs))}${why}`;
}

function holderRows({ descriptorHolders = [] }: Report): [label: string, text: string][] {
  return descriptorHolders.map(({ pid, inheritedFrom, command = [] }) => {
    const inherited = inheritedFrom === undefined ? "" : `, which inherited the lock from process ${inheritedFrom}`;
    return ["held by", `process ${pid}${inherited}: ${printableLine(command)}`];
  });
}

function pidfileText({ pidfile, stalePidfile, holder: { pid, liveness } }: Report): string {
  if (pidfile !== "present") return pidfile;
  if (!stalePidfile) return `names process ${pid}`;
  return `stale: it names process ${pid}, which ${liveness === "dead" ? "is dead" : "does not hold the lock"}`;
}

function advice(report: Report): string {
  const { safeToStart, stalePidfile, seenHolding, descriptorHolders = [], holder: { pid }, pidfile } = report;
  if (safeToStart) {
    return `Safe to start: nobody holds the lock${stalePidfile ? ", and the next holder replaces the pidfile" : ""}.`;
  }
  const refused = "Not safe to start: a writer would be refused until";
  if (descriptorHolders.length > 0) {
    return `${refused} each process that holds the lock has ended or closed .handoff.lock.`;
  }
  if (seenHolding) return `${refused} process ${pid} has released the lock or ended.`;
  if (pidfile === "present" && !stalePidfile) {
    return `${refused} its holder has released the lock or ended: process ${pid}, or another program or container.`;
  }
  return `${refused} its holder has ended: a child that inherited it, another program, or another container.`;
}
