import { FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS } from "../timeouts.ts";

/** What is started as a daemon. */
export type CommandLine = readonly string[];

/** What is remembered of the commands. */
export interface RestartState {
  /** What is started next. */
  readonly command: CommandLine;
  /** Whether it has served long enough. */
  readonly isGood: boolean;
  /** What identifies its build, where it was named. */
  readonly buildId?: string | undefined;
  /** The last good command before. */
  readonly before?: CommandLine | undefined;
  readonly beforeBuildId?: string | undefined;
}

/** What to do about a daemon that died. */
export type Verdict =
  | {
    /** Start this again, after so many milliseconds. */
    readonly command: CommandLine;
    readonly delayMs: number;
    /** The command that was given up for the last good one. */
    readonly reverted?: CommandLine;
  }
  | { readonly giveUpAfter: number };

/** The death, counted from its commit, at which an unproved command is given up. */
const REVERTING_DEATH = 2;

/**
 * Decides what is started when a daemon dies: the same command, after a pause that doubles from death to death; the last
 * command that was good, where the present one was committed and has never been; and nothing any more after too many
 * deaths in a row. A row ends when a daemon has served for `GOOD_SERVICE_MS`.
 */
export class Restarts {
  readonly #maxRestarts: number;
  #command: CommandLine;
  #buildId?: string | undefined;
  #isGood = false;
  /** The last good command before the present one. */
  #before?: CommandLine | undefined;
  #beforeBuildId?: string | undefined;
  #deathsInRow = 0;
  #deathsOfCommand = 0;

  constructor(
    command: CommandLine,
    { maxRestarts, buildId }: { readonly maxRestarts: number; readonly buildId?: string | undefined },
  ) {
    this.#command = command;
    this.#buildId = buildId;
    this.#maxRestarts = maxRestarts;
  }

  /** What another supervisor remembers, and `restore` takes. */
  state(): RestartState {
    return {
      command: this.#command,
      buildId: this.#buildId,
      isGood: this.#isGood,
      before: this.#before,
      beforeBuildId: this.#beforeBuildId,
    };
  }

  /** Goes on where another supervisor was. */
  restore({ command, buildId, isGood, before, beforeBuildId }: RestartState): void {
    this.#use(command, { buildId, isGood });
    this.#before = before;
    this.#beforeBuildId = beforeBuildId;
  }

  /** What is started next. */
  get command(): CommandLine {
    return this.#command;
  }

  /** The build id that was named with it. */
  get buildId(): string | undefined {
    return this.#buildId;
  }

  /** The last good command before the present one; undefined where there was none. */
  get before(): CommandLine | undefined {
    return this.#before;
  }

  /** The build id that was named with that one. */
  get beforeBuildId(): string | undefined {
    return this.#beforeBuildId;
  }

  /** A successor of another command was committed, or that command is to be started. */
  committed(command: CommandLine, buildId?: string): void {
    if (this.#isGood) {
      this.#before = this.#command;
      this.#beforeBuildId = this.#buildId;
    }
    this.#use(command, { buildId, isGood: false });
    this.#deathsInRow = 0;
  }

  /** The daemon has served for `GOOD_SERVICE_MS`, or its soak. */
  proved(): void {
    this.#isGood = true;
    this.#deathsInRow = 0;
  }

  /** The daemon died. */
  died(): Verdict {
    this.#deathsInRow++;
    this.#deathsOfCommand++;
    if (this.#deathsInRow > this.#maxRestarts) return { giveUpAfter: this.#deathsInRow };
    const delayMs = Math.min(FIRST_BACKOFF_MS * 2 ** (this.#deathsInRow - 1), LONGEST_BACKOFF_MS);
    const reverted = this.#command;
    const good = this.#before;
    if (this.#isGood || good === undefined || this.#deathsOfCommand < REVERTING_DEATH) {
      return { command: reverted, delayMs };
    }
    this.#use(good, { buildId: this.#beforeBuildId, isGood: true });
    this.#before = undefined;
    this.#beforeBuildId = undefined;
    return { command: good, delayMs, reverted };
  }

  #use(command: CommandLine, { buildId, isGood }: Pick<RestartState, "buildId" | "isGood">): void {
    this.#command = command;
    this.#buildId = buildId;
    this.#isGood = isGood;
    this.#deathsOfCommand = 0;
  }
}
