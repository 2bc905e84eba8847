import type { Command } from "./command.ts";
import { requestOutcome } from "./request.ts";
import { TRIGGER_SETTINGS } from "./trigger.ts";

/** `handoff restart`: stops a daemon and starts it anew. */
export const restart: Command = {
  help: `usage: handoff restart DIR

Has the supervisor of DIR stop its daemon and start it anew, and waits until that
serves. Connections wait meanwhile; none is refused, but requests do fail: see
"handoff upgrade" for what most people want.

  --config FILE, --socket PATH   in place of DIR

exit code: 0 it serves; 2 there is no supervisor, or another error; 3 it died
  again; 75 an upgrade is under way

permissions: --allow-ffi --allow-read=DIR`,
  syntax: { settings: TRIGGER_SETTINGS },
  run: (args) => requestOutcome(args, { verb: "restart" }),
};
