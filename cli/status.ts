import { type Arguments, type Command, onlyDirectory } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { reportOn } from "./status_report.ts";
import { explain, verdict } from "./status_text.ts";

/** `handoff status`: who holds a directory. */
export const status: Command = {
  help: `usage: handoff status [--json] DIR

Reports whether DIR is held, by whom and since when, and whether it is safe to
start a writer. It disturbs nobody: nothing is created or changed, and a
directory that does not exist is free.

  --json   print one JSON object on one line

exit code: 0 free; 1 held; 2 error

permissions: --allow-ffi --allow-read=DIR
  With -A, on Linux, it also reports the command line and start time of the
  holder, and the processes that inherited the lock: those of the same user, and
  for root those of every user.`,
  syntax: { flags: ["json"] },
  run: tellStatus,
};

// deno-lint-ignore require-await -- what it throws must reject
async function tellStatus(args: Arguments): Promise<number> {
  const report = reportOn(onlyDirectory(args));
  if (args.flags.has("json")) {
    console.log(JSON.stringify(report));
  } else {
    // Deno leaves the style out where there is no terminal, and under NO_COLOR.
    console.log("%c%s", `font-weight: bold; color: ${report.held ? "red" : "green"}`, verdict(report));
    console.log(explain(report));
  }
  return report.held ? EXIT.held : EXIT.ok;
}
