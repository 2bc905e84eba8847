import { ControlChannel } from "../control_channel.ts";
import type { Os } from "../os.ts";
import type { OutcomeEvent, UpgradeOutcome } from "../protocol/trigger.ts";
import { connectSocketFile } from "../socket_file.ts";
import { HELLO_MS, STATUS_MS } from "../timeouts.ts";
import { ask } from "./trigger_client.ts";

/** Where a daemon and its supervisor are reached. */
export interface Reachable {
  readonly triggerSocket: string;
  readonly controlSocket?: string | undefined;
}

/** How long, after a supervisor has gone, its daemons are looked for, in milliseconds, and how often. */
const LOOK_MS = 20_000;
const POLL_MS = 200;

/** The daemon that a supervisor says it has. Undefined where it does not say. */
export async function servingPid(
  os: Os,
  { triggerSocket }: Reachable,
  signal: AbortSignal,
): Promise<number | undefined> {
  for await (const event of ask(os, triggerSocket, { verb: "status" }, { timeout: STATUS_MS, signal })) {
    if (event.event === "status") return event.status.daemon?.pid;
  }
  return undefined;
}

/** How an upgrade ended whose supervisor died: by who says Hello. `before` is the daemon that served before it. */
export async function lookForOutcome(
  os: Os,
  { controlSocket }: Reachable,
  { before, signal }: { readonly before?: number | undefined; readonly signal: AbortSignal },
): Promise<OutcomeEvent> {
  const reason = "the supervisor died; the daemon serves without one";
  for (const end = performance.now() + LOOK_MS; controlSocket !== undefined && performance.now() < end;) {
    const pid = await helloFrom(os, controlSocket, signal);
    if (pid !== undefined) return outcome(pid === before ? "rolled-back" : "committed", reason);
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return outcome("nobody-serves", "the supervisor died, and no daemon answers");
}

/** The process that says Hello on a control socket; undefined where none does. */
export async function helloFrom(os: Os, controlSocket: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    using channel = new ControlChannel(os, await connectSocketFile(os, controlSocket, { signal }));
    const hello = await channel.receive({ timeout: HELLO_MS, signal });
    return hello?.type === "Hello" ? hello.pid : undefined;
  } catch {
    return undefined;
  }
}

function outcome(kind: UpgradeOutcome, reason: string): OutcomeEvent {
  return { event: "outcome", outcome: kind, reason, phases: {} };
}
