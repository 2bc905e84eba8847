import type { ControlChannel } from "../control_channel.ts";
import type { Exit } from "../os.ts";
import type { Journal } from "../protocol/journal.ts";
import type { UpgradePhase } from "../protocol/trigger.ts";

/** One end of a control channel, as far as a supervisor needs it. */
export type Channel = Pick<ControlChannel, "send" | "receive" | typeof Symbol.dispose>;

/** The daemon that serves. */
export interface Incumbent {
  readonly pid: number;
  /** Resolves when it is dead: reaped, or told by a pidfd. Never rejects. */
  readonly ended: Promise<unknown>;
  /** A new session on its control socket. */
  connect(): Promise<Channel>;
}

/** A daemon that was started to take over. */
export interface Successor {
  readonly pid: number;
  /** Its control channel; the handoff closes it. */
  readonly channel: Channel;
  /** Resolves when it was reaped. Never rejects. */
  readonly ended: Promise<Exit>;
  /** Sends SIGKILL, and resolves when it was reaped. */
  kill(): Promise<void>;
}

/** Where a handoff is written down for the supervisor that may have to start in this one's place. */
export interface JournalKeeper {
  /**
   * Writes the first entry. Rejects where the disk takes nothing: the successor and, after it, the incumbent could not
   * write their pidfiles either, and nobody would serve.
   */
  begin(journal: Journal): Promise<void>;
  /** Writes another. Never rejects, nor does `clear`. */
  write(journal: Journal): Promise<void>;
  clear(): Promise<void>;
}

/** Whom and what a handoff has to do with. */
export interface SwapParties {
  readonly incumbent: Incumbent;
  readonly journal: JournalKeeper;
  /** Starts the successor. */
  spawn(): Successor | Promise<Successor>;
  /** Called when a phase begins, and with its milliseconds when it is over. */
  report(phase: UpgradePhase, ms?: number): void;
  /** Watches over a successor that serves; rejects when it must not be committed. */
  soak?(successor: Successor, ended: AbortSignal): Promise<void>;
  /** Has a successor that served drain and seal before it is killed. */
  retire?(successor: Successor): Promise<void>;
}

/** What binds a handoff. */
export interface SwapTerms {
  /** A UUID, version 4. */
  readonly handoffId: string;
  /** How long it may take until the successor serves, in milliseconds; a soak comes on top of it. */
  readonly deadlineMs: number;
  /** When that time is over, in milliseconds of `performance.now`: it may have begun before this. */
  readonly end?: number | undefined;
  /** How long the drain may take, in milliseconds. */
  readonly drainGraceMs: number;
  /** How long an incumbent may take to serve again after a rollback, in milliseconds. */
  readonly resumeMs: number;
  /** Calls the handoff off. Nothing is called off after Begin. */
  readonly cancelled: AbortSignal;
  /** Ends before the incumbent is asked for anything: a rehearsal. */
  readonly check?: boolean | undefined;
}
