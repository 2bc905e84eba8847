import type { Arguments, Command } from "./command.ts";
import { followed } from "./follow.ts";
import { deadlineOf, TRIGGER_SETTINGS } from "./trigger.ts";

/** `handoff rollback`: upgrades a daemon back to the command before. */
export const rollback: Command = {
  help: `usage: handoff rollback [OPTION...] DIR

Upgrades the daemon of DIR to the last command that was good before the present
one, as "handoff upgrade" does. It runs what stands at that command's path today:
to have the old build, keep each in a directory of its own, or compile it. See
"handoff history" for the builds.

  --timeout=SECONDS   give up when it takes longer
  --json              one JSON object a line; the last one is the outcome
  --config FILE, --socket PATH   in place of DIR

exit code: as of "handoff upgrade"; 2 also where there is no command before

permissions: --allow-ffi --allow-read=DIR`,
  syntax: { flags: ["json"], settings: ["timeout", ...TRIGGER_SETTINGS] },
  run: runRollback,
};

function runRollback(args: Arguments): Promise<number> {
  return followed(args, { verb: "rollback", timeoutMs: deadlineOf(args) }, "committed");
}
