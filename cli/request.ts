import { openOs } from "../handoff/linux.ts";
import type { Os } from "../handoff/os.ts";
import { ask, type ClientRequest, NoSupervisorError } from "../handoff/supervisor/trigger_client.ts";
import { helloFrom } from "../handoff/supervisor/who_serves.ts";
import type { Arguments } from "./command.ts";
import { EXIT, Failure } from "./exit_codes.ts";
import { sentence } from "./phase_view.ts";
import { printableJson } from "./text.ts";
import { Signals } from "./signals.ts";
import { exitCodeFor, type Place, placeOf } from "./trigger.ts";

/** Asks a supervisor for what has only an outcome; resolves to its exit code. */
export async function requestOutcome(args: Arguments, request: ClientRequest): Promise<number> {
  const place = await placeOf(args);
  using os = openOs();
  using signals = new Signals();
  try {
    for await (const event of ask(os, place.triggerSocket, request, { signal: signals.aborted })) {
      if (event.event !== "outcome") continue;
      const code = exitCodeFor(event);
      if (code !== EXIT.ok) throw new Failure(code, sentence(event));
      return code;
    }
  } catch (error) {
    if (!(error instanceof NoSupervisorError)) throw error;
    throw await unsupervised(os, place, { error, signal: signals.aborted });
  }
  throw new Failure(EXIT.error, `the supervisor at ${printableJson(place.triggerSocket)} died before it answered`);
}

/** Where a daemon serves on after its supervisor, what there is to do. */
async function unsupervised(
  os: Os,
  { controlSocket }: Place,
  { error, signal }: { readonly error: NoSupervisorError; readonly signal: AbortSignal },
): Promise<Error> {
  const pid = controlSocket === undefined ? undefined : await helloFrom(os, controlSocket, signal);
  if (pid === undefined) return error;
  return new Failure(
    EXIT.error,
    `${error.message}, but process ${pid} serves without one: "kill -TERM ${pid}" stops it, and "handoff supervise" ` +
      "adopts it",
    { cause: error },
  );
}
