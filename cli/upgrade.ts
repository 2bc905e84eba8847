import { openOs } from "../handoff/linux.ts";
import type { Os } from "../handoff/os.ts";
import type { OutcomeEvent, TriggerEvent, UpgradeRequest } from "../handoff/protocol/trigger.ts";
import { ask } from "../handoff/supervisor/trigger_client.ts";
import { lookForOutcome, servingPid } from "../handoff/supervisor/who_serves.ts";
import { type Arguments, type Command, milliseconds, usageError } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { PhaseView, sentence } from "./phase_view.ts";
import { Signals } from "./signals.ts";
import { printableText } from "./text.ts";
import { exitCodeFor, type Place, placeOf, TRIGGER_SETTINGS } from "./trigger.ts";

/** `handoff upgrade`: replaces a running daemon. */
export const upgrade: Command = {
  help: `usage: handoff upgrade [OPTION...] DIR [-- COMMAND [ARG...]]

Has the supervisor of DIR start the successor of its daemon, and waits until that
serves in its place, or the old one does again. No request fails meanwhile. The
successor is COMMAND, by default the one that the supervisor is configured with.

  --check             only a rehearsal: the successor is started, as far as
                      waiting for its turn; the daemon notices nothing
  --timeout=SECONDS   roll back when it takes longer
  --abort             call off the upgrade that is under way
  --json              one JSON object a line; the last one is the outcome
  --config FILE, --socket PATH   in place of DIR

Ctrl-C ends the watching, and not the upgrade.

exit code: 0 committed; 1 rolled back, the old daemon serves; 2 nothing was begun;
  3 nobody serves; 75 another upgrade is under way; 128+n ended by signal n

permissions: --allow-ffi --allow-read=DIR`,
  syntax: { flags: ["json", "check", "abort"], settings: ["timeout", ...TRIGGER_SETTINGS], commandLine: true },
  run: runUpgrade,
};

async function runUpgrade(args: Arguments): Promise<number> {
  const place = await placeOf(args);
  const request = requestOf(args);
  using os = openOs();
  using signals = new Signals();
  using view = args.flags.has("json") ? new JsonView() : new PhaseView(Deno.stdout);
  const outcome = await follow(os, place, { request, view, signal: signals.aborted });
  if (args.flags.has("json")) view.show(outcome);
  else tell(outcome, args.flags.has("check") ? "the successor gets as far as its turn" : "committed");
  return exitCodeFor(outcome);
}

function requestOf(args: Arguments): UpgradeRequest | { verb: "abort" } {
  const { flags, settings, commandLine } = args;
  if (flags.has("abort")) {
    if (flags.has("check") || commandLine.length > 0) throw usageError("--abort stands alone");
    return { verb: "abort" };
  }
  return {
    verb: "upgrade",
    command: commandLine.length === 0 ? undefined : commandLine,
    timeoutMs: settings.has("timeout") ? milliseconds(args, "timeout", 0) : undefined,
    check: flags.has("check") || undefined,
    follow: true,
  };
}

interface Watching {
  readonly request: UpgradeRequest | { verb: "abort" };
  readonly view: { show(event: TriggerEvent): void };
  readonly signal: AbortSignal;
}

/** The outcome that the supervisor tells; where that goes without a word, the one that can be seen. */
async function follow(os: Os, place: Place, { request, view, signal }: Watching): Promise<OutcomeEvent> {
  const before = await servingPid(os, place, signal);
  try {
    for await (const event of ask(os, place.triggerSocket, request, { signal })) {
      if (event.event === "outcome") return event;
      if (event.event === "unsupported") throw new Error(`The supervisor does not know "${event.of}"`);
      view.show(event);
    }
  } catch (error) {
    if (signal.aborted && request.verb === "upgrade") console.error("handoff: the upgrade goes on");
    throw error;
  }
  console.error("handoff: the supervisor is gone; looking for who serves");
  return await lookForOutcome(os, place, { before, signal });
}

function tell(outcome: OutcomeEvent, done: string): void {
  if (exitCodeFor(outcome) === EXIT.ok) return console.log(sentence(outcome, done));
  console.error(`handoff: ${printableText(sentence(outcome))}`);
  for (const line of outcome.stderr ?? []) console.error(`  | ${printableText(line)}`);
}

class JsonView implements Disposable {
  show(event: TriggerEvent): void {
    console.log(JSON.stringify(event));
  }

  [Symbol.dispose](): void {}
}
