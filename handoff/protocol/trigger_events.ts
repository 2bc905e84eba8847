import {
  array,
  count,
  duration,
  flag,
  integer,
  object,
  oneOf,
  optional,
  parseJson,
  record,
  type Shape,
  text,
} from "./shapes.ts";
import type {
  CurrentUpgrade,
  CutRequest,
  DaemonStatus,
  HistoryEvent,
  ListenerStatus,
  OutcomeEvent,
  PhaseBegunEvent,
  PhaseEvent,
  PhaseTimes,
  StatusEvent,
  SupervisorStatus,
  TriggerEvent,
  UnsupportedEvent,
  UpgradeRecord,
} from "./trigger_messages.ts";

/**
 * What a line of an answer says; undefined for an event that is not known here, which a newer supervisor may send.
 * Throws a {@linkcode ProtocolError} `"codec"` for what is no event.
 */
export function parseTriggerEvent(line: string): TriggerEvent | undefined {
  const event = record(parseJson(line), "an event");
  const name = text(event.event, "the event's name");
  if (!Object.hasOwn(EVENTS, name)) return undefined;
  return EVENTS[name as TriggerEvent["event"]](event, name);
}
const phase = oneOf("start", "drain", "seal", "open", "soak", "commit", "resume");
const outcome = oneOf("committed", "rolled-back", "nothing-begun", "nobody-serves", "busy");
const ms = optional(duration);
const phases = object<PhaseTimes>({ start: ms, drain: ms, seal: ms, open: ms, soak: ms, commit: ms, resume: ms });

/** The shape of an upgrade that is over. */
export const upgradeRecord: Shape<UpgradeRecord> = object<UpgradeRecord>({
  handoffId: text,
  atMs: integer,
  fromBuild: text,
  toBuild: optional(text),
  outcome,
  reason: optional(text),
  phases,
  writePauseMs: ms,
  connectionsMoved: count,
  cut: array(object<CutRequest>({ method: text, path: text, ageMs: duration })),
});

const status = object<SupervisorStatus>({
  supervisorPid: count,
  supervisorSinceMs: integer,
  daemon: optional(object<DaemonStatus>({ pid: count, buildId: text, sinceMs: integer, adopted: flag })),
  upgrade: optional(object<CurrentUpgrade>({ handoffId: text, phase, sinceMs: integer })),
  lastUpgrade: optional(upgradeRecord),
  generation: count,
  restarts: count,
  restartAtMs: optional(integer),
  listeners: array(object<ListenerStatus>({ name: text, address: text })),
  command: array(text),
});

const EVENTS: { readonly [Name in TriggerEvent["event"]]: Shape<Extract<TriggerEvent, { event: Name }>> } = {
  "phase-begun": object<PhaseBegunEvent>({ event: oneOf("phase-begun"), phase }),
  phase: object<PhaseEvent>({ event: oneOf("phase"), phase, ms: duration }),
  outcome: object<OutcomeEvent>({
    event: oneOf("outcome"),
    outcome,
    reason: optional(text),
    stderr: optional(array(text)),
    handoffId: optional(text),
    phases,
  }),
  status: object<StatusEvent>({ event: oneOf("status"), status }),
  history: object<HistoryEvent>({ event: oneOf("history"), upgrades: array(upgradeRecord) }),
  unsupported: object<UnsupportedEvent>({ event: oneOf("unsupported"), of: text }),
};
