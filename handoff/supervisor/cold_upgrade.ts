import type { OutcomeEvent, TriggerEvent } from "../protocol/trigger.ts";
import type { Log } from "./log.ts";
import type { Supervisor, Underway } from "./supervisor.ts";

/** What a daemon is replaced with, and how. */
export interface ColdUpgrade {
  readonly command: readonly string[];
  readonly buildId: string | undefined;
  readonly underway: Underway;
  /** Whether there is a daemon to stop. */
  readonly serves: boolean;
  readonly report: (event: TriggerEvent) => void;
}

/**
 * Stops a daemon that knows nothing of the handoff, and starts the new one in its place. The listeners stay open:
 * connections wait in the backlog meanwhile. There is no way back but the restart of what dies.
 */
export async function replaceCold(
  { supervisor, log }: { readonly supervisor: Supervisor; readonly log: Log },
  { command, buildId, underway, serves, report }: ColdUpgrade,
): Promise<OutcomeEvent> {
  const { handoffId, sinceMs } = underway;
  const begun = performance.now();
  const next = supervisor.nextServes;
  report({ event: "phase-begun", phase: "open" });
  supervisor.restarts.committed(command, buildId);
  if (serves) supervisor.restart();
  else supervisor.wake();
  const committed = await next;
  const phases = { open: Math.round(performance.now() - begun) };
  report({ event: "phase", phase: "open", ms: phases.open });
  const outcome = committed ? "committed" : "nobody-serves";
  const reason = committed ? STOPPED : "the new daemon ended within a second";
  supervisor.history.add({
    handoffId,
    atMs: sinceMs,
    fromBuild: "",
    outcome,
    reason,
    phases,
    connectionsMoved: 0,
    cut: [],
  });
  log("upgrade-ended", { handoffId, outcome, reason, ...phases });
  return { event: "outcome", outcome, handoffId, phases, reason };
}

const STOPPED = 'the daemon was stopped and started anew (upgrades = "cold"), and connections waited meanwhile';
