import { resolve } from "@std/path";
import { loadConfig } from "../handoff/supervisor/config_file.ts";
import { handoffPaths } from "../handoff/supervisor/paths.ts";
import type { OutcomeEvent, UpgradeOutcome } from "../handoff/protocol/trigger.ts";
import { LONGEST_DEADLINE_MS } from "../handoff/timeouts.ts";
import { type Arguments, milliseconds, onlyDirectory, usageError } from "./command.ts";
import { EXIT } from "./exit_codes.ts";

/** The options by which a command finds a supervisor, in place of DIR. */
export const TRIGGER_SETTINGS: readonly string[] = ["config", "socket"];

/** Where a supervisor is asked, and which directory it has, where that is known. */
export interface Place {
  readonly triggerSocket: string;
  readonly controlSocket?: string | undefined;
}

/** The place that DIR, `--config FILE` or `--socket PATH` means. */
export async function placeOf(args: Arguments): Promise<Place> {
  const socket = args.settings.get("socket");
  const config = args.settings.get("config");
  if (socket === undefined && config === undefined) return handoffPaths(resolve(onlyDirectory(args)));
  const [operand] = args.operands;
  if (operand !== undefined || (socket !== undefined && config !== undefined)) {
    throw usageError("only one of DIR, --config and --socket says which supervisor is meant");
  }
  if (socket !== undefined) return { triggerSocket: resolve(socket) };
  return (await loadConfig(config, {})).paths;
}

/** The deadline that `--timeout` gives an upgrade, in whole milliseconds; undefined without it. */
export function deadlineOf(args: Arguments): number | undefined {
  if (!args.settings.has("timeout")) return undefined;
  return Math.min(Math.ceil(milliseconds(args, "timeout", 0)), LONGEST_DEADLINE_MS);
}

const CODES: Readonly<Record<UpgradeOutcome, number>> = {
  committed: EXIT.ok,
  "rolled-back": 1,
  "nothing-begun": EXIT.error,
  "nobody-serves": 3,
  busy: EXIT.tempFail,
};

/** The exit code that an outcome is told by. */
export function exitCodeFor({ outcome }: Pick<OutcomeEvent, "outcome">): number {
  return CODES[outcome];
}
