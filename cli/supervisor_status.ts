import { openOs } from "../handoff/linux.ts";
import type { SupervisorStatus } from "../handoff/protocol/trigger.ts";
import { ask } from "../handoff/supervisor/trigger_client.ts";
import { STATUS_MS } from "../handoff/timeouts.ts";

/** What the supervisor at a trigger socket says of itself; undefined where none answers within a second. */
export async function supervisorStatus(triggerSocket: string): Promise<SupervisorStatus | undefined> {
  try {
    using os = openOs();
    const signal = AbortSignal.timeout(STATUS_MS);
    for await (const event of ask(os, triggerSocket, { verb: "status" }, { signal })) {
      if (event.event === "status") return event.status;
    }
  } catch {
    // There is none, or it is another user's, or too busy to answer.
  }
  return undefined;
}
