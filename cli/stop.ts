import type { Command } from "./command.ts";
import { requestOutcome } from "./request.ts";
import { TRIGGER_SETTINGS } from "./trigger.ts";

/** `handoff stop`: ends a daemon and its supervisor. */
export const stop: Command = {
  help: `usage: handoff stop DIR

Has the supervisor of DIR stop its daemon, and then itself, and waits for it. An
upgrade that has not got to the successor's turn is called off first. A daemon
that serves without a supervisor is not stopped: its process is named.

  --config FILE, --socket PATH   in place of DIR

exit code: 0 both have ended; 2 there is no supervisor, or another error

permissions: --allow-ffi --allow-read=DIR`,
  syntax: { settings: TRIGGER_SETTINGS },
  run: (args) => requestOutcome(args, { verb: "stop" }),
};
