import type { Journal, JournalPhase } from "../protocol/journal.ts";
import type { PhaseTimes } from "../protocol/trigger.ts";
import { ABORTED_FETCH_MS, HELLO_MS, LEAST_READ_MS, SILENCE_MS } from "../timeouts.ts";
import { IncumbentSession } from "./incumbent_session.ts";
import { PhaseClock } from "./phase_clock.ts";
import { SuccessorSession } from "./successor_session.ts";
import { checkRevisions, describeFailure, IncumbentDied, SwapFailure } from "./swap_failure.ts";
import type { Successor, SwapParties, SwapTerms } from "./swap_parties.ts";

/** The most of the time of a handoff that a drain leaves to what follows it, in milliseconds. */
const LONGEST_RESERVE_MS = 5_000;

/** How a handoff ended, and what it took. */
export type SwapResult = SwapFigures & SwapOutcome;

/** What a handoff came to. */
export type SwapOutcome =
  | { readonly outcome: "committed"; readonly successor: Successor }
  | { readonly outcome: "rehearsed" }
  | { readonly outcome: "rolled-back" | "nobody-serves"; readonly reason: string };

/** What a handoff took. */
export interface SwapFigures {
  readonly phases: PhaseTimes;
  /** The build of the successor, where that has said it. */
  readonly toBuild?: string | undefined;
  /** From the last write of the incumbent to the first that the successor can take, in milliseconds. */
  readonly writePauseMs?: number | undefined;
}

/**
 * One handoff, from starting the successor to Commit, or back.
 *
 * The successor is started and heard first, while the incumbent serves on unaware. Only then is the incumbent asked to
 * drain and to seal; Begin is sent only after SealComplete, Commit only after Ready. Whatever fails before Commit ends
 * with the successor dead and reaped before the incumbent is told to resume: until then the successor may hold the lock
 * that the incumbent needs. An incumbent that dies on the way is no failure: the successor begins at once.
 *
 * It never rejects: an error becomes the reason of a rollback.
 */
export async function swap(parties: SwapParties, terms: SwapTerms): Promise<SwapResult> {
  const handoff = new Swap(parties, terms);
  const outcome = await handoff.run().catch((error) => handoff.rollBack(error));
  return { ...outcome, ...handoff.figures() };
}

class Swap {
  readonly #parties: SwapParties;
  readonly #terms: SwapTerms;
  readonly #incumbent: IncumbentSession;
  readonly #clock: PhaseClock;
  readonly #startedAt = BigInt(Date.now());
  readonly #end: number;
  #journaled: Promise<void> = Promise.resolve();
  /** The successor as it was started, for as long as its death is ours to see to. */
  #guarded?: Successor | undefined;
  #successor?: SuccessorSession;
  #toBuild?: string;
  #pauseStart?: number;
  #writePauseMs?: number;
  #soaks = false;

  constructor(parties: SwapParties, terms: SwapTerms) {
    this.#parties = parties;
    this.#terms = terms;
    this.#incumbent = new IncumbentSession(parties.incumbent, terms.handoffId);
    this.#clock = new PhaseClock(parties.report);
    this.#end = terms.end ?? performance.now() + terms.deadlineMs;
  }

  async run(): Promise<SwapOutcome> {
    const successor = await this.#start();
    if (this.#terms.check) {
      await this.#dismissSuccessor("a rehearsal ends here");
      return { outcome: "rehearsed" };
    }
    const sealed = await this.#free(successor);
    await this.#open(successor, sealed);
    await this.#soak(successor);
    return await this.#commit();
  }

  /** Ends the successor, and has the incumbent serve again. */
  async rollBack(error: unknown): Promise<SwapOutcome> {
    const reason = describeFailure(error);
    this.#clock.begin("resume");
    // What it acknowledged while it proved itself must be in the data.
    if (this.#soaks && this.#guarded !== undefined) await this.#parties.retire?.(this.#guarded).catch(() => {});
    await this.#dismissSuccessor(reason);
    const serves = await this.#incumbent.resume(this.#terms.resumeMs);
    await this.#clearJournal();
    return { outcome: serves ? "rolled-back" : "nobody-serves", reason };
  }

  figures(): SwapFigures {
    return { phases: this.#clock.stop(), toBuild: this.#toBuild, writePauseMs: this.#writePauseMs };
  }

  /** Until the deadline, since the successor's module graph may be cold: the incumbent notices nothing of it. */
  async #start(): Promise<SuccessorSession> {
    const { cancelled, handoffId } = this.#terms;
    this.#clock.begin("start");
    cancelled.throwIfAborted();
    this.#guarded = await this.#parties.spawn();
    const successor = this.#successor = new SuccessorSession(this.#guarded, handoffId);
    this.#toBuild = await successor.greet({ timeout: this.#left(), signal: cancelled });
    return successor;
  }

  /** Has the incumbent free the directory; resolves to the revisions it sealed, none where it died. */
  async #free(successor: SuccessorSession): Promise<readonly bigint[]> {
    const signal = AbortSignal.any([this.#terms.cancelled, successor.died]);
    try {
      this.#clock.begin("drain");
      await this.#incumbent.open(signal, Math.min(HELLO_MS, this.#left()));
      await this.#parties.journal.begin(this.#journalAt("negotiating"));
      this.#pauseStart = performance.now();
      const left = this.#left();
      const { drainGraceMs } = this.#terms;
      const deadlineMs = Math.max(LEAST_READ_MS, left - reserve(left));
      await this.#incumbent.drain({ successorPid: successor.pid, deadlineMs, drainGraceMs, timeout: left, signal });
      this.#journal("draining");
      this.#requireTime();
      this.#clock.begin("seal");
      return await this.#incumbent.seal({ timeout: this.#left(), signal });
    } catch (error) {
      if (!(error instanceof IncumbentDied)) throw error;
      this.#pauseStart ??= performance.now();
      return [];
    }
  }

  /** From Begin on nothing is called off: the successor may hold the lock. */
  async #open(successor: SuccessorSession, sealed: readonly bigint[]): Promise<void> {
    this.#terms.cancelled.throwIfAborted();
    this.#requireTime();
    this.#clock.begin("open");
    this.#journal("sealing");
    await successor.begin();
    this.#journal("awaiting-ready");
    const ready = await successor.ready({ timeout: this.#left(), silence: SILENCE_MS });
    // First: a daemon that opened an older state says so by being unhealthy, which would not tell why.
    checkRevisions(sealed, ready.advertisedRevisionPerShard);
    if (!ready.healthzOk) throw new SwapFailure("the successor says that it is not healthy");
    this.#requireTime();
    this.#writePauseMs = performance.now() - this.#pauseStart!;
  }

  async #soak(successor: SuccessorSession): Promise<void> {
    if (this.#parties.soak === undefined) return;
    this.#clock.begin("soak");
    this.#soaks = true;
    await this.#parties.soak(this.#guarded!, successor.died);
    successor.died.throwIfAborted();
  }

  async #commit(): Promise<SwapOutcome> {
    this.#clock.begin("commit");
    const successor = this.#guarded!;
    // It serves: from here on nothing that becomes of the incumbent may take it down.
    this.#guarded = undefined;
    await this.#incumbent.commit();
    successor.channel[Symbol.dispose]();
    await this.#clearJournal();
    return { outcome: "committed", successor };
  }

  async #dismissSuccessor(reason: string): Promise<void> {
    if (this.#guarded === undefined) return;
    await this.#successor?.dismiss(reason);
    this.#guarded = undefined;
  }

  /** Writes are in order, and nobody has to wait for the disk: a journal is one step behind anyway. */
  #journal(phase: JournalPhase): Promise<void> {
    const journal = this.#journalAt(phase);
    return this.#journaled = this.#journaled.then(() => this.#parties.journal.write(journal));
  }

  #journalAt(phase: JournalPhase): Journal {
    return {
      handoffId: this.#terms.handoffId,
      phase,
      incumbentPid: this.#parties.incumbent.pid,
      successorPid: this.#successor?.pid,
      startedAtUnixMs: this.#startedAt,
    };
  }

  async #clearJournal(): Promise<void> {
    await this.#journaled;
    await this.#parties.journal.clear();
  }

  #left(): number {
    return Math.max(LEAST_READ_MS, this.#end - performance.now());
  }

  #requireTime(): void {
    if (performance.now() > this.#end) throw new SwapFailure(`it took longer than ${this.#terms.deadlineMs / 1_000} s`);
  }
}

/**
 * What a drain leaves of the time for the seal and for opening the data; not less than the handlers that are aborted at
 * its end get, or it would be given up before it could name them.
 */
function reserve(leftMs: number): number {
  return Math.min(leftMs / 2, Math.max(ABORTED_FETCH_MS * 1.25, Math.min(leftMs / 4, LONGEST_RESERVE_MS)));
}
