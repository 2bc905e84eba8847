import type { Exit, Os, SpawnRequest } from "../os.ts";

const SIGKILL = 9;
/** How often a child is asked for its end after its pidfd has told of it, in milliseconds. */
const REAP_POLL_MS = 2;

/** The children that have not been reaped, of every supervisor in this process. */
const children = new Set<number>();

/** A child process, from its start until it is reaped. The pid is its own for all that time. */
export class Child implements Disposable {
  readonly pid: number;
  /** Resolves when it was reaped. Never rejects. */
  readonly ended: Promise<Exit>;
  readonly #os: Os;
  readonly #unwatched = new AbortController();
  #pidfd?: number | undefined;

  private constructor(os: Os, pid: number) {
    this.#os = os;
    this.pid = pid;
    children.add(pid);
    // An ended child keeps its pid until it is reaped, so this is never another process.
    this.#pidfd = os.pidfd(pid);
    this.ended = this.#reaped();
  }

  /** Starts a program. Throws where it cannot be started. */
  static spawn(os: Os, request: SpawnRequest): Child {
    return new Child(os, os.spawn(request));
  }

  /** Whether a pid is that of a child that is watched here, and is not for others to reap. */
  static isOne(pid: number): boolean {
    return children.has(pid);
  }

  /** Sends a signal, by number; false when the child has ended. */
  signal(signal: number): boolean {
    return this.#pidfd !== undefined && this.#os.killPidfd(this.#pidfd, signal);
  }

  /** Kills it, and resolves when it was reaped. */
  async kill(): Promise<void> {
    this.signal(SIGKILL);
    await this.ended;
  }

  /** Watches no longer: `ended` never resolves. For a process that outlives this one. */
  [Symbol.dispose](): void {
    this.#unwatched.abort();
  }

  async #reaped(): Promise<Exit> {
    const { signal } = this.#unwatched;
    if (this.#pidfd !== undefined) await this.#os.readable(this.#pidfd, { signal }).catch(unlessAborted(signal));
    if (signal.aborted) return await new Promise<never>(() => {});
    let exit = this.#os.reap(this.pid);
    while (exit === undefined) {
      await new Promise((resolve) => setTimeout(resolve, REAP_POLL_MS));
      exit = this.#os.reap(this.pid);
    }
    children.delete(this.pid);
    if (this.#pidfd !== undefined) this.#os.close(this.#pidfd);
    this.#pidfd = undefined;
    return exit;
  }
}

function unlessAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
