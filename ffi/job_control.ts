import type { Calls, CallTable } from "./calls.ts";
import { openSymbols } from "./libc.ts";
import { bytes, cString } from "./memory.ts";

/** Calls about the terminal, process groups and the default action of a signal: POSIX, the same on Linux and macOS. */
const JOB_CALLS = {
  open: { parameters: [/* path */ "buffer", /* flags */ "int"] },
  close: { parameters: [/* fd */ "int"] },
  access: { parameters: [/* path */ "buffer", /* mode */ "int"] },
  getpgid: { parameters: [/* pid */ "int"] },
  getsid: { parameters: [/* pid */ "int"] },
  tcgetpgrp: { parameters: [/* fd */ "int"] },
  sigaction: { parameters: [/* signum */ "int", /* act */ "buffer", /* oldact */ "buffer"] },
  raise: { parameters: [/* sig */ "int"] },
} as const satisfies CallTable;

const SELF = 0;
const O_RDONLY = 0;
const F_OK = 0;

/** Room for a `struct sigaction` of any platform. All zeros is `SIG_DFL`, with no flags and an empty mask. */
const SIGACTION_ROOM = 256;

/** Where a process stands among those of its terminal, and the signals that come of it. */
export class JobControl implements Disposable {
  readonly #calls: Calls<typeof JOB_CALLS> & Disposable = openSymbols(JOB_CALLS);

  /** Whether this process has a controlling terminal, whatever its standard streams are. */
  hasTerminal(): boolean {
    return this.#foregroundGroup() !== undefined;
  }

  /** Whether this process leads its session: the hangup of a terminal is sent to that one alone. */
  leadsSession(): boolean {
    return this.#calls.getsid(SELF) === Deno.pid;
  }

  /** Whether `pid` is in the process group of this process, which the terminal and the shell signal as a whole. */
  sharesGroup(pid: number): boolean {
    return this.#calls.getpgid(pid) === this.#calls.getpgid(SELF);
  }

  /** Whether the process group of this process is the one in the foreground of its terminal. */
  isForeground(): boolean {
    return this.#foregroundGroup() === this.#calls.getpgid(SELF);
  }

  /** Does what `signal` does to a process that does not catch it; returns when the process is continued. */
  takeDefaultAction(signal: number): void {
    const caught = bytes(SIGACTION_ROOM);
    if (this.#calls.sigaction(signal, bytes(SIGACTION_ROOM), caught) !== 0) return;
    this.#calls.raise(signal);
    this.#calls.sigaction(signal, caught, null);
  }

  /** Whether there is a file at `path`. */
  exists(path: string): boolean {
    return this.#calls.access(cString(path), F_OK) === 0;
  }

  [Symbol.dispose](): void {
    this.#calls[Symbol.dispose]();
  }

  #foregroundGroup(): number | undefined {
    const terminal = this.#calls.open(cString("/dev/tty"), O_RDONLY);
    if (terminal < 0) return undefined;
    const group = this.#calls.tcgetpgrp(terminal);
    this.#calls.close(terminal);
    return group < 0 ? undefined : group;
  }
}
