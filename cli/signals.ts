import { CAUGHT_SIGNALS, type CaughtSignal, exitCodeOf, Failure } from "./exit_codes.ts";

/**
 * Catches SIGINT, SIGTERM and SIGHUP for as long as it lives. Until there is a command that they are for, they end what
 * is being waited for.
 */
export class Signals implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = CAUGHT_SIGNALS.map((signal) => ({ signal, listener: () => this.#receive(signal) }));
  #command?: Deno.ChildProcess;

  constructor() {
    for (const { signal, listener } of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Aborted by the first signal, with the {@linkcode Failure} of the exit code that belongs to it. */
  get aborted(): AbortSignal {
    return this.#controller.signal;
  }

  /** Passes the signals on from now on. */
  forwardTo(command: Deno.ChildProcess): void {
    this.#command = command;
  }

  [Symbol.dispose](): void {
    for (const { signal, listener } of this.#listeners) Deno.removeSignalListener(signal, listener);
  }

  #receive(signal: CaughtSignal): void {
    if (this.#command === undefined) this.#controller.abort(new Failure(exitCodeOf(signal)));
    else if (signal !== "SIGINT" || !hasTerminal()) send(this.#command, signal);
  }
}

/** The SIGINT of a Ctrl-C goes to all processes in the terminal's foreground: the command has it already. */
function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

function send(command: Deno.ChildProcess, signal: CaughtSignal): void {
  try {
    command.kill(signal);
  } catch {
    // It has just ended.
  }
}
