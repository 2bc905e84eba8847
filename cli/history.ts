import { openOs } from "../handoff/linux.ts";
import type { CutRequest, UpgradeRecord } from "../handoff/protocol/trigger.ts";
import { ask } from "../handoff/supervisor/trigger_client.ts";
import type { Arguments, Command } from "./command.ts";
import { EXIT, Failure } from "./exit_codes.ts";
import { Signals } from "./signals.ts";
import { ago, printable, printableJson, printableText } from "./text.ts";
import { placeOf, TRIGGER_SETTINGS } from "./trigger.ts";

/** `handoff history`: the last upgrades. */
export const history: Command = {
  help: `usage: handoff history [--json] DIR

Lists the upgrades that the supervisor of DIR has made since it started, at most
the last 100, the newest first: when, from which build to which, how each ended,
and how long it took. "No writes for" is the supervisor's view: from asking the
old daemon to drain until the successor said that it serves.

  --json   one JSON object a line
  --config FILE, --socket PATH   in place of DIR

exit code: 0, or 2 where there is no supervisor, or for another error

permissions: --allow-ffi --allow-read=DIR`,
  syntax: { flags: ["json"], settings: TRIGGER_SETTINGS },
  run: tellHistory,
};

async function tellHistory(args: Arguments): Promise<number> {
  const { triggerSocket } = await placeOf(args);
  using os = openOs();
  using signals = new Signals();
  for await (const event of ask(os, triggerSocket, { verb: "history" }, { signal: signals.aborted })) {
    if (event.event !== "history") continue;
    const format = args.flags.has("json") ? printableJson : line;
    for (const record of event.upgrades) console.log(format(record));
    return EXIT.ok;
  }
  throw new Failure(EXIT.error, `the supervisor at ${printableJson(triggerSocket)} did not answer`);
}

function line(
  { atMs, fromBuild, toBuild = "", outcome, reason, phases, writePauseMs, connectionsMoved, cut }: UpgradeRecord,
): string {
  const total = Object.values(phases).reduce((sum, ms) => sum + ms, 0);
  const pause = writePauseMs === undefined ? "" : `, no writes for ${writePauseMs.toFixed(0)} ms`;
  const why = reason === undefined ? "" : `: ${printableText(reason)}`;
  const moved = connectionsMoved === 0 ? "" : `, ${connectionsMoved} connections moved`;
  const ended = cut.length === 0 ? "" : `, cut: ${cut.map(request).join(", ")}`;
  return `${ago(new Date(atMs))}  ${outcome}  ${printable(fromBuild)} -> ${printable(toBuild)}  ` +
    `${total.toFixed(0)} ms${pause}${moved}${ended}${why}`;
}

function request({ method, path, ageMs }: CutRequest): string {
  return `${printable(method)} ${printable(path)} after ${(ageMs / 1_000).toFixed(1)} s`;
}
