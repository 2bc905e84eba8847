import { openOs } from "../handoff/linux.ts";
import type { Os } from "../handoff/os.ts";
import type { OutcomeEvent, TriggerEvent } from "../handoff/protocol/trigger.ts";
import { ask, type ClientRequest } from "../handoff/supervisor/trigger_client.ts";
import { lookForOutcome, servingPid } from "../handoff/supervisor/who_serves.ts";
import type { Arguments } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { PhaseView, sentence } from "./phase_view.ts";
import { Signals } from "./signals.ts";
import { printableJson, printableText } from "./text.ts";
import { exitCodeFor, type Place, placeOf } from "./trigger.ts";

/** Asks a supervisor for an upgrade, shows its phases, and tells its outcome; resolves to the exit code. */
export async function followed(args: Arguments, request: ClientRequest, done: string): Promise<number> {
  const place = await placeOf(args);
  using os = openOs();
  using signals = new Signals();
  using view = args.flags.has("json") ? new JsonView() : new PhaseView(Deno.stdout);
  const outcome = await follow(os, place, { request, view, signal: signals.aborted });
  if (args.flags.has("json")) view.show(outcome);
  else tell(outcome, done);
  return exitCodeFor(outcome);
}

interface Watching {
  readonly request: ClientRequest;
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
    if (signal.aborted && request.verb !== "abort") console.error("handoff: the upgrade goes on");
    throw error;
  }
  console.error("handoff: the supervisor is gone; looking for who serves");
  return await lookForOutcome(os, place, { before, signal });
}

function tell(outcome: OutcomeEvent, done: string): void {
  if (exitCodeFor(outcome) === EXIT.ok) return console.log(printableText(sentence(outcome, done)));
  console.error(`handoff: ${printableText(sentence(outcome))}`);
  for (const line of outcome.stderr ?? []) console.error(`  | ${printableText(line)}`);
}

class JsonView implements Disposable {
  show(event: TriggerEvent): void {
    console.log(printableJson(event));
  }

  [Symbol.dispose](): void {}
}
