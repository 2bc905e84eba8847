import type { DaemonEvent } from "./events.ts";
import type { StateOptions } from "./ownership.ts";
import type { ServingOptions } from "./serving.ts";

/** A daemon: the directory that it owns, the state in it, and what it serves. Times are in milliseconds. */
export interface DaemonOptions<State extends Disposable | AsyncDisposable>
  extends StateOptions<State>, ServingOptions<State> {
  /** The directory that the daemon owns; created if it is missing. */
  readonly dataDir: string | URL;
  /** How long a start waits for a lock that is held. By default not at all; under a supervisor, 10 s. */
  readonly lockTimeout?: number;
  /**
   * Called when nothing is in flight any more, before the state is closed: finish what works in the background. When it
   * throws, or is not done when `signal` is aborted, the handoff is called off, and the same state serves on.
   */
  readonly drain?: (state: State, context: DrainContext) => void | Promise<void>;
  /** Asked in a successor after `open`: when it says false or throws, the handoff is rolled back. */
  readonly healthy?: (state: State) => boolean | Promise<boolean>;
  /** The path of the control socket; `.handoff.sock` in the data directory by default. Its transfer socket is beside it. */
  readonly controlSocket?: string | undefined;
  /**
   * What identifies this build to operators; by default what `--build-id` says, and without it the time and the hash of the
   * main module where it may be read.
   */
  readonly buildId?: string | undefined;
  /** Stops the daemon when it is aborted, as SIGTERM does. */
  readonly signal?: AbortSignal | undefined;
  /** Told what happens. What it throws is written to standard error. */
  readonly onEvent?: (event: DaemonEvent) => void;
}

/** What the option `drain` is told. */
export interface DrainContext {
  /** Aborted at the drain's deadline. */
  readonly signal: AbortSignal;
}

/** Throws `TypeError` or `RangeError` for options that cannot be meant, before anything is done. */
export function checkDaemonOptions<State extends Disposable | AsyncDisposable>(options: DaemonOptions<State>): void {
  for (const name of ["drain", "healthy", "revision", "onEvent"] as const) {
    if (options[name] !== undefined) requireFunction(options, name);
  }
  requireFunction(options, "open");
  const { lockTimeout = 0, controlSocket } = options;
  if (typeof lockTimeout !== "number" || !(lockTimeout >= 0)) {
    throw new RangeError(`options.lockTimeout is not 0 or more milliseconds: ${String(lockTimeout)}`);
  }
  if (controlSocket !== undefined && (typeof controlSocket !== "string" || controlSocket === "")) {
    throw new TypeError(`options.controlSocket is not a path: ${JSON.stringify(controlSocket)}`);
  }
}

function requireFunction(options: object, name: string): void {
  const value: unknown = Reflect.get(options, name);
  if (typeof value !== "function") throw new TypeError(`options.${name} is not a function: ${String(value)}`);
}
