import { constants } from "node:os";
import { JobControl } from "../ffi/job_control.ts";
import { Failure } from "./exit_codes.ts";
import { closeDebugger } from "./debugger.ts";

/**
 * What is not passed on: what cannot be caught, and what the kernel sends to a process for something it did itself. A
 * fault would come again and again if it were caught; the others would reach a command that did nothing.
 */
const NOT_CAUGHT: ReadonlySet<string> = new Set([
  ...["SIGKILL", "SIGSTOP"],
  ...["SIGILL", "SIGTRAP", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS"],
  ...["SIGCHLD", "SIGPIPE", "SIGTTIN", "SIGTTOU"],
  // Other names of SIGABRT, SIGIO and SIGSYS.
  ...["SIGIOT", "SIGPOLL", "SIGUNUSED"],
]);

/** What the terminal, or the shell that has it, sends to all processes in its foreground. */
const OF_TERMINAL: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT", "SIGTSTP", "SIGCONT", "SIGWINCH"]);

/** What ends no process that does not catch it. */
const HARMLESS: ReadonlySet<string> = new Set(["SIGCONT", "SIGWINCH", "SIGURG"]);

const CAUGHT = Object.entries(constants.signals).filter(([signal]) => !NOT_CAUGHT.has(signal)) as [
  Deno.Signal,
  number,
][];

/**
 * Catches every signal that can be for a command, for as long as it lives. Until there is a command that they are for,
 * they end what is being waited for.
 */
export class Signals implements Disposable {
  readonly #controller = new AbortController();
  readonly #listening = new DisposableStack();
  #command?: Deno.ChildProcess;
  #wasForeground = false;
  /** What comes, once each, with the end of the terminal that this process was in the foreground of. */
  readonly #ofHangup = new Set<Deno.Signal>(["SIGHUP", "SIGCONT"]);

  constructor() {
    for (const [signal, number] of CAUGHT) {
      const listener = () => this.#receive(signal, number);
      Deno.addSignalListener(signal, listener);
      this.#listening.defer(() => Deno.removeSignalListener(signal, listener));
    }
  }

  /** Aborted by the first signal, with the {@linkcode Failure} of the exit code that belongs to it. */
  get aborted(): AbortSignal {
    return this.#controller.signal;
  }

  /** Passes the signals on from now on. */
  forwardTo(command: Deno.ChildProcess): void {
    this.#command = command;
    using job = new JobControl();
    this.#wasForeground = job.isForeground();
  }

  [Symbol.dispose](): void {
    this.#listening.dispose();
  }

  #receive(signal: Deno.Signal, number: number): void {
    if (signal === "SIGUSR1") closeDebugger();
    if (this.#command !== undefined) this.#passOn(this.#command, signal);
    else if (!HARMLESS.has(signal) && signal !== "SIGTSTP") {
      // What a shell reports of a process that a signal ended.
      this.#controller.abort(new Failure(128 + number));
    }
    if (signal !== "SIGTSTP") return;
    using job = new JobControl();
    job.takeDefaultAction(number);
  }

  #passOn(command: Deno.ChildProcess, signal: Deno.Signal): void {
    if (this.#hasItAlready(command, signal)) return;
    try {
      command.kill(signal);
    } catch {
      // It has just ended.
    }
  }

  /** Whether the sender meant the process group, so that the command has the signal by itself. */
  #hasItAlready({ pid }: Deno.ChildProcess, signal: Deno.Signal): boolean {
    if (!OF_TERMINAL.has(signal) && signal !== "SIGHUP") return false;
    using job = new JobControl();
    if (!job.sharesGroup(pid)) return false;
    if (job.hasTerminal()) return signal !== "SIGHUP" && job.isForeground();
    // The kernel tells the end of a terminal to the leader of its session alone; and that one's end to the foreground.
    return this.#wasForeground && !job.leadsSession() && this.#ofHangup.delete(signal);
  }
}
