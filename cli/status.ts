import { lstatSync } from "node:fs";
import { type Arguments, type Command, onlyDirectory } from "./command.ts";
import { EXIT, Failure } from "./exit_codes.ts";
import { type Report, reportOn } from "./status_report.ts";
import { explain, verdict } from "./status_text.ts";
import { printableJson } from "./text.ts";

/** `handoff status`: who holds a directory. */
export const status: Command = {
  help: `usage: handoff status [--json] DIR

Reports whether DIR is held, by whom and since when, and whether it is safe to
start a writer. It disturbs nobody: nothing is created or changed, and a
directory that does not exist is free. Where a supervisor has DIR, it is asked
for its daemon and its last upgrade; an upgrade under way is not disturbed.

  --json   print one JSON object on one line

exit code: 0 free; 75 held; 4 unknown, because looking failed; 2 wrong usage

permissions: --allow-ffi --allow-read=DIR
  With -A, on Linux, it also reports the command line and start time of the
  holder, and the processes that inherited the lock: those of the same user, and
  for root those of every user.`,
  syntax: { flags: ["json"] },
  run: tellStatus,
};

async function tellStatus(args: Arguments): Promise<number> {
  const report = await withSupervisor(lookAt(onlyDirectory(args)));
  if (args.flags.has("json")) {
    console.log(printableJson(report));
  } else {
    // Deno leaves the style out where there is no terminal, and under NO_COLOR.
    console.log("%c%s", `font-weight: bold; color: ${report.held ? "red" : "green"}`, verdict(report));
    console.log(explain(report));
  }
  return report.safeToStart ? EXIT.ok : EXIT.tempFail;
}

/** A look that fails says neither free nor held; a script must not take it for either. */
function lookAt(dataDir: string): Report {
  try {
    return reportOn(dataDir);
  } catch (cause) {
    throw new Failure(EXIT.unknown, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The supervisor is asked, where there may be one, by what is loaded only then; the daemon never is. */
async function withSupervisor(report: Report): Promise<Report> {
  const socket = `${report.dataDir}/.handoff.supervisor.sock`;
  if (!lstatSync(socket, { throwIfNoEntry: false })?.isSocket()) return report;
  const { supervisorStatus } = await import("./supervisor_status.ts");
  return { ...report, supervisor: await supervisorStatus(socket) };
}
