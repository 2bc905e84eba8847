import { HeldLock } from "../../lock/held_lock.ts";
import type { AcquireOptions } from "../../lock/options.ts";
import type { OpenRole } from "./events.ts";

/** What `open` is told. */
export interface OpenContext {
  /** The locked directory, as an absolute path. */
  readonly dataDir: string;
  /** Why it is opened. */
  readonly role: OpenRole;
  /** Aborted when the daemon is to stop: what takes long may end early, by throwing. */
  readonly signal: AbortSignal;
}

/** What a daemon's author says about the state. */
export interface StateOptions<State> {
  /** Opens the state; called with the directory locked, each time that this process becomes its writer. */
  readonly open: (context: OpenContext) => State | Promise<State>;
  /** The revision of the state, or one for each shard: grows with every write, and survives a restart. */
  readonly revision?: (state: State) => bigint | readonly bigint[] | Promise<bigint | readonly bigint[]>;
}

/**
 * The two things that only the writer of the directory has, and in this order: the lock, and the open state. The state
 * is opened only under the lock, and the lock is given away only when the state is closed.
 */
export class Ownership<State> {
  readonly #dataDir: string | URL;
  readonly #options: StateOptions<State>;
  readonly #lost = new AbortController();
  #lock?: HeldLock | undefined;
  #state?: { readonly value: State } | undefined;

  constructor(dataDir: string | URL, options: StateOptions<State>) {
    this.#dataDir = dataDir;
    this.#options = options;
  }

  /** Aborted when the lock that is held no longer excludes others, with the `LockLostError` as its reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether this process has the lock. */
  get locked(): boolean {
    return this.#lock !== undefined;
  }

  /** Whether the state is open. */
  get opened(): boolean {
    return this.#state !== undefined;
  }

  /** What `open` returned. Throws when the state is closed. */
  get state(): State {
    if (this.#state === undefined) throw new Error("The state of the daemon is closed");
    return this.#state.value;
  }

  /** Takes the lock as any process does. */
  async acquire(options: AcquireOptions): Promise<void> {
    this.#hold(await HeldLock.acquire(this.#dataDir, options));
  }

  /** Takes the lock that another process sent as a descriptor, which is closed if it is not that. */
  async adopt(descriptor: number): Promise<void> {
    this.#hold(await HeldLock.adopt(this.#dataDir, descriptor));
  }

  /** Has `send` pass the lock on; when it did, this process has it no more. Throws while the state is open. */
  pass(send: (descriptor: number) => boolean): boolean {
    if (this.opened || this.#lock === undefined) {
      throw new Error("Cannot pass the lock on: the state is open, or not ours");
    }
    const sent = this.#lock.pass(send);
    if (sent) this.#lock = undefined;
    return sent;
  }

  /** Gives the lock back. Throws while the state is open. */
  async release(): Promise<void> {
    if (this.opened) throw new Error("Cannot release the lock: the state is open");
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  /** Opens the state. When that fails the lock is still held. */
  async open(role: OpenRole, signal: AbortSignal): Promise<void> {
    if (this.#lock === undefined || this.opened) throw new Error("Cannot open the state: it is open, or not locked");
    this.#lock.verify();
    const value = await this.#options.open({ dataDir: this.#lock.dataDir, role, signal });
    if (!isDisposable(value)) {
      throw new TypeError("What options.open returned is neither a Disposable nor an AsyncDisposable");
    }
    this.#state = { value };
  }

  /** Closes the state, and says of which revision it was. When that fails it is not open either. */
  async seal(): Promise<readonly bigint[]> {
    const state = this.state;
    try {
      return await this.revisions();
    } finally {
      this.#state = undefined;
      await dispose(state);
    }
  }

  /** The revisions of the open state; none where the daemon does not count them. */
  async revisions(): Promise<readonly bigint[]> {
    const revisions = await this.#options.revision?.(this.state) ?? [];
    return typeof revisions === "bigint" ? [revisions] : revisions;
  }

  #hold(lock: HeldLock): void {
    this.#lock = lock;
    const { lost } = lock;
    const tell = () => this.#lost.abort(lost.reason);
    if (lost.aborted) tell();
    lost.addEventListener("abort", tell, { once: true });
  }
}

function isDisposable(value: unknown): boolean {
  if (typeof value !== "object" && typeof value !== "function" || value === null) return false;
  return Symbol.asyncDispose in value || Symbol.dispose in value;
}

async function dispose(state: unknown): Promise<void> {
  await using stack = new AsyncDisposableStack();
  stack.use(state as Disposable | AsyncDisposable);
}
