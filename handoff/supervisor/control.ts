import { crateErrorLine, crateReplyLine, type OutcomeEvent, type TriggerRequest } from "../protocol/trigger.ts";
import { checkPeer, NotAllowedError } from "./access.ts";
import type { Supervisor } from "./supervisor.ts";
import type { Answer, Client } from "./trigger_server.ts";
import type { Upgrades } from "./upgrade.ts";

/** What answers a supervisor's trigger socket. */
export interface ControlParts {
  readonly supervisor: Supervisor;
  readonly upgrades: Upgrades;
  /** Lets a new supervisor take over from this one. */
  replace(): Promise<OutcomeEvent>;
  /** The supervisor's own uid. */
  readonly uid: number;
}

/** Answers the requests of a trigger socket. */
export function control(parts: ControlParts): Answer {
  return async (request, client) => {
    try {
      const force = "force" in request && request.force;
      checkPeer(client.peer, { verb: request.verb, ownCommand: namesItsOwn(request), force }, parts.uid);
    } catch (error) {
      if (!(error instanceof NotAllowedError)) throw error;
      if (request.verb === "handoff") client.tellLine(crateErrorLine(error.message));
      else client.tell(nothingBegun(error.message));
      return;
    }
    await answer(request, client, parts);
  };
}

/** Whether it is for anything else than the configured command, as what that is configured to be. */
function namesItsOwn(request: TriggerRequest): boolean {
  if (request.verb === "handoff") return request.binary !== undefined;
  return request.verb === "upgrade" && (request.command ?? request.buildId) !== undefined;
}

async function answer(
  request: TriggerRequest,
  client: Client,
  { supervisor, upgrades, replace }: ControlParts,
): Promise<void> {
  switch (request.verb) {
    case "handoff":
      return client.tellLine(crateLine(await upgrades.upgrade({ binary: request.binary })));
    case "upgrade": {
      const { command, buildId, timeoutMs, check, force, soakSecs } = request;
      const soakMs = soakSecs === undefined ? undefined : soakSecs * 1_000;
      const order = { command, buildId, deadlineMs: timeoutMs, check, force, soakMs };
      return client.tell(await upgrades.upgrade(order, (event) => client.tell(event)));
    }
    case "rollback": {
      const { before: command, beforeBuildId: buildId } = supervisor.restarts;
      if (command === undefined) return client.tell(nothingBegun("there is no command before this one"));
      const soakMs = request.soakSecs === undefined ? undefined : request.soakSecs * 1_000;
      const order = { command, buildId, deadlineMs: request.timeoutMs, force: request.force, soakMs };
      return client.tell(await upgrades.upgrade(order, (event) => client.tell(event)));
    }
    case "abort":
      return client.tell(supervisor.abort() ? DONE : nothingBegun(whyNoAbort(supervisor)));
    case "status":
      return client.tell({ event: "status", status: supervisor.status() });
    case "history":
      return client.tell({ event: "history", upgrades: supervisor.history.all() });
    case "stop":
      supervisor.stop();
      await supervisor.finished;
      return client.tell(DONE);
    case "restart": {
      if (supervisor.underway !== undefined) {
        return client.tell({ ...DONE, outcome: "busy", reason: "an upgrade is under way" });
      }
      const serves = supervisor.nextServes;
      supervisor.restart();
      return client.tell(await serves ? DONE : { ...DONE, outcome: "nobody-serves", reason: "the new daemon died" });
    }
    case "replace":
      return client.tell(await replace());
    case "unsupported":
      return client.tell({ event: "unsupported", of: request.of });
  }
}

const DONE: OutcomeEvent = { event: "outcome", outcome: "committed", phases: {} };

function nothingBegun(reason: string): OutcomeEvent {
  return { event: "outcome", outcome: "nothing-begun", reason, phases: {} };
}

function whyNoAbort({ underway }: Supervisor): string {
  return underway === undefined ? "no upgrade is under way" : "it is too late: the successor has been told to begin";
}

/** The outcome as the crate's supervisor tells it. */
function crateLine({ outcome, handoffId, reason }: OutcomeEvent): string {
  if (outcome === "committed" || outcome === "rolled-back") {
    return crateReplyLine({ handoffId: handoffId!, committed: outcome === "committed", abortReason: reason });
  }
  return crateErrorLine(reason ?? outcome);
}
