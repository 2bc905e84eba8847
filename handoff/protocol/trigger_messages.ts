import type { Unsupported } from "./transfer_messages.ts";

/** The crate's request: an upgrade to `binary`, or to the configured command. */
export interface HandoffRequest {
  readonly verb: "handoff";
  readonly binary?: string | undefined;
}

/** An upgrade, with all that `handoff upgrade` can be told. */
export interface UpgradeRequest {
  readonly verb: "upgrade";
  /** The new program and its arguments; without it the configured command. */
  readonly command?: readonly string[] | undefined;
  /** What identifies its build, where it says nothing itself. */
  readonly buildId?: string | undefined;
  /** The upgrade's deadline, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Only a rehearsal, up to waiting for Begin. */
  readonly check?: boolean | undefined;
  /** Seals although handlers have not settled. */
  readonly force?: boolean | undefined;
  /** For how long the successor must prove itself before Commit, in seconds. */
  readonly soakSecs?: number | undefined;
  /** The answer is a line for each phase, and the outcome. */
  readonly follow: true;
}

/** An upgrade back to the command before, followed as any other. */
export interface RollbackRequest {
  readonly verb: "rollback";
  readonly timeoutMs?: number | undefined;
  readonly force?: boolean | undefined;
  readonly soakSecs?: number | undefined;
}

/**
 * - `abort`: call the upgrade off, before Begin;
 * - `status`, `history`: answered by one line of that name;
 * - `stop`: end the daemon, and the supervisor;
 * - `restart`: end the daemon, and start it anew;
 * - `replace`: let a new supervisor take over from this one.
 */
export interface PlainRequest {
  readonly verb: "abort" | "status" | "history" | "stop" | "restart" | "replace";
}

/** What the trigger socket is asked. */
export type TriggerRequest = HandoffRequest | UpgradeRequest | RollbackRequest | PlainRequest | Unsupported;

/**
 * The phases of an upgrade, in their order: N starts, up to its Hello; O drains; O seals; N opens, from Begin to Ready;
 * N proves itself; S commits. Where it fails: O resumes.
 */
export type UpgradePhase = "start" | "drain" | "seal" | "open" | "soak" | "commit" | "resume";

/** How long each phase took that there was, in milliseconds. */
export type PhaseTimes = Readonly<Partial<Record<UpgradePhase, number>>>;

/** A phase has begun. */
export interface PhaseBegunEvent {
  readonly event: "phase-begun";
  readonly phase: UpgradePhase;
}

/** A phase is over. */
export interface PhaseEvent {
  readonly event: "phase";
  readonly phase: UpgradePhase;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/**
 * How a request ended:
 *
 * - `committed`: it was done;
 * - `rolled-back`: the old daemon serves;
 * - `nothing-begun`: the request could not be followed; the daemon noticed nothing;
 * - `nobody-serves`: it failed, and left no daemon;
 * - `busy`: another upgrade is under way.
 */
export type UpgradeOutcome = "committed" | "rolled-back" | "nothing-begun" | "nobody-serves" | "busy";

/** The last line of an answer. */
export interface OutcomeEvent {
  readonly event: "outcome";
  readonly outcome: UpgradeOutcome;
  /** Why it was not committed. */
  readonly reason?: string | undefined;
  /** The last lines that the successor wrote to its standard error. */
  readonly stderr?: readonly string[] | undefined;
  readonly handoffId?: string;
  readonly phases: PhaseTimes;
}

/** The answer to `status`. */
export interface StatusEvent {
  readonly event: "status";
  readonly status: SupervisorStatus;
}

/** The answer to `history`: the newest first. */
export interface HistoryEvent {
  readonly event: "history";
  readonly upgrades: readonly UpgradeRecord[];
}

/** The answer to a request that the supervisor does not know. */
export interface UnsupportedEvent {
  readonly event: "unsupported";
  readonly of: string;
}

/** A line of an answer. */
export type TriggerEvent =
  | PhaseBegunEvent
  | PhaseEvent
  | OutcomeEvent
  | StatusEvent
  | HistoryEvent
  | UnsupportedEvent;

/** What a supervisor says of itself and its daemon. Instants are in milliseconds since 1970. */
export interface SupervisorStatus {
  readonly supervisorPid: number;
  readonly supervisorSinceMs: number;
  /** The daemon; missing while there is none, in a backoff. */
  readonly daemon?: DaemonStatus | undefined;
  /** The upgrade under way. */
  readonly upgrade?: CurrentUpgrade | undefined;
  readonly lastUpgrade?: UpgradeRecord | undefined;
  /** How often a daemon took over from another. */
  readonly generation: number;
  /** How often a daemon was started again after it died. */
  readonly restarts: number;
  /** When a daemon that died is started again. */
  readonly restartAtMs?: number | undefined;
  readonly listeners: readonly ListenerStatus[];
  /** What the next start will run. */
  readonly command: readonly string[];
}

/** The daemon under a supervisor. */
export interface DaemonStatus {
  readonly pid: number;
  readonly buildId: string;
  readonly sinceMs: number;
  /** Whether it was found running, not started by this supervisor. */
  readonly adopted: boolean;
}

/** An upgrade under way. */
export interface CurrentUpgrade {
  readonly handoffId: string;
  readonly phase: UpgradePhase;
  readonly sinceMs: number;
}

/** A listener of a supervisor. */
export interface ListenerStatus {
  readonly name: string;
  readonly address: string;
}

/** An upgrade that is over. */
export interface UpgradeRecord {
  readonly handoffId: string;
  /** When it began, in milliseconds since 1970. */
  readonly atMs: number;
  readonly fromBuild: string;
  /** Missing where the successor never announced itself. */
  readonly toBuild?: string | undefined;
  readonly outcome: UpgradeOutcome;
  readonly reason?: string | undefined;
  readonly phases: PhaseTimes;
  /** For how long no write was possible, in milliseconds. */
  readonly writePauseMs?: number | undefined;
  /** How many idle connections moved to the successor. */
  readonly connectionsMoved: number;
  /** The requests that were cut at the drain's deadline. */
  readonly cut: readonly CutRequest[];
}

/** A request that was cut at the drain's deadline. */
export interface CutRequest {
  readonly method: string;
  readonly path: string;
  /** For how long it had been handled, in milliseconds. */
  readonly ageMs: number;
}
