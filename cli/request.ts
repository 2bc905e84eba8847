import { openOs } from "../handoff/linux.ts";
import { ask, type ClientRequest } from "../handoff/supervisor/trigger_client.ts";
import type { Arguments } from "./command.ts";
import { EXIT, Failure } from "./exit_codes.ts";
import { sentence } from "./phase_view.ts";
import { printableJson } from "./text.ts";
import { Signals } from "./signals.ts";
import { exitCodeFor, placeOf } from "./trigger.ts";

/** Asks a supervisor for what has only an outcome; resolves to its exit code. */
export async function requestOutcome(args: Arguments, request: ClientRequest): Promise<number> {
  const { triggerSocket } = await placeOf(args);
  using os = openOs();
  using signals = new Signals();
  for await (const event of ask(os, triggerSocket, request, { signal: signals.aborted })) {
    if (event.event !== "outcome") continue;
    const code = exitCodeFor(event);
    if (code !== EXIT.ok) throw new Failure(code, sentence(event));
    return code;
  }
  throw new Failure(EXIT.error, `the supervisor at ${printableJson(triggerSocket)} died before it answered`);
}
