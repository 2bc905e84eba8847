import { setImmediate } from "node:timers";
import { C } from "../ffi/linux_abi.ts";
import { Alarm, type PollCalls, PollSet } from "../ffi/poll.ts";
import type { WaitOptions } from "./os.ts";

/** A lost wake-up delays a wait by this much at most. */
const MAX_POLL_MS = 5_000;

/** Beyond this, setTimeout fires at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** One wait for one descriptor. */
interface Wait {
  readonly fd: number;
  readonly events: number;
  resolve(ready: boolean): void;
  reject(reason: unknown): void;
}

/**
 * Waits for descriptors. All waits share one poll(2) on another thread, and an eventfd ends it when the set of them
 * changes; while nobody waits there is no poll, and the process can end.
 *
 * When a wait is over, however it ended, its descriptor is not polled for it any more. A caller that closes a descriptor first
 * aborts the waits for it, and awaits them: the number may belong to another file a moment later.
 */
export class Poller implements Disposable {
  readonly #calls: PollCalls;
  readonly #opened = new DisposableStack();
  readonly #waits = new Set<Wait>();
  /** What to tell those whose waits ended during a poll, when it has returned. */
  readonly #told: (() => void)[] = [];
  #alarm: Alarm | undefined;
  #running = false;
  #polling = false;
  #ringing = false;
  #disposed = false;

  /** A poller over `calls`, which it closes when it is disposed of. */
  constructor(calls: PollCalls & Disposable) {
    this.#calls = this.#opened.use(calls);
  }

  /** Whether `fd` has something to read, its end or an error before the time is up. */
  async readable(fd: number, options: WaitOptions = {}): Promise<boolean> {
    return await this.#wait(fd, C.POLLIN, options);
  }

  /** Whether `fd` takes a write, or has an error, before the time is up. */
  async writable(fd: number, options: WaitOptions = {}): Promise<boolean> {
    return await this.#wait(fd, C.POLLOUT, options);
  }

  /** Ends the waits for `fd`: they reject with `reason`. */
  abandon(fd: number, reason: Error): void {
    for (const wait of [...this.#waits]) if (wait.fd === fd) this.#end(wait, () => wait.reject(reason));
  }

  /** Ends all waits: they reject. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const wait of [...this.#waits]) this.#end(wait, () => wait.reject(disposedError()));
    if (!this.#polling) this.#opened.dispose();
  }

  async #wait(fd: number, events: number, { timeout, signal }: WaitOptions): Promise<boolean> {
    signal?.throwIfAborted();
    if (this.#disposed) throw disposedError();
    if (!Number.isInteger(fd) || fd < 0) throw new RangeError(`${fd} is not a descriptor`);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const wait = { fd, events, resolve, reject };
    using after = new DisposableStack();
    if (timeout !== undefined && timeout <= MAX_TIMER_MS) {
      const timer = setTimeout(() => this.#end(wait, () => this.#lookOnce(wait)), timeout);
      after.defer(() => clearTimeout(timer));
    }
    if (signal !== undefined) {
      const aborted = (): void => this.#end(wait, () => reject(signal.reason));
      signal.addEventListener("abort", aborted);
      after.defer(() => signal.removeEventListener("abort", aborted));
    }
    this.#waits.add(wait);
    this.#interrupt();
    if (!this.#running) void this.#run();
    return await promise;
  }

  /** The time is up; but when the event loop was held up, the descriptor may be ready all the same. */
  #lookOnce(wait: Wait): void {
    try {
      const set = new PollSet([[wait.fd, wait.events]]);
      set.look(this.#calls);
      wait.resolve(set.events(0) !== 0);
    } catch (error) {
      wait.reject(error);
    }
  }

  /** Takes the wait out; `tell` settles it, when no poll looks at its descriptor. */
  #end(wait: Wait, tell: () => void): void {
    if (!this.#waits.delete(wait)) return;
    if (!this.#polling) return tell();
    this.#told.push(tell);
    this.#interrupt();
  }

  /** Ends the poll under way, since the set of waits is another now. */
  #interrupt(): void {
    if (!this.#polling || this.#ringing) return;
    this.#ringing = true;
    this.#alarm?.ring();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (;;) {
        // What is awaited in this turn of the event loop joins the next poll, and need not interrupt it.
        await new Promise<void>((resolve) => void setImmediate(resolve));
        if (this.#waits.size === 0) break;
        await this.#poll();
      }
    } catch (error) {
      for (const wait of [...this.#waits]) this.#end(wait, () => wait.reject(error));
    }
    this.#running = false;
    if (this.#disposed) this.#opened.dispose();
  }

  async #poll(): Promise<void> {
    const alarm = this.#alarm ??= this.#opened.use(new Alarm(this.#calls));
    const waits = [...this.#waits];
    const eventsOf = new Map<number, number>([[alarm.fd, C.POLLIN]]);
    for (const { fd, events } of waits) eventsOf.set(fd, (eventsOf.get(fd) ?? 0) | events);
    const set = new PollSet([...eventsOf]);
    this.#polling = true;
    try {
      await set.wait(this.#calls, MAX_POLL_MS);
    } finally {
      this.#polling = false;
      if (this.#ringing) alarm.silence();
      this.#ringing = false;
      for (const tell of this.#told.splice(0)) tell();
    }
    const found = new Map([...eventsOf.keys()].map((fd, i) => [fd, set.events(i)]));
    for (const wait of waits) {
      const events = (found.get(wait.fd) ?? 0) & (wait.events | FAILURES);
      if (events !== 0) this.#end(wait, () => wait.resolve(true));
    }
  }
}

/** What poll(2) tells unasked: errors, hang-ups, and a descriptor that is not open. The next read or write says which. */
const FAILURES = C.POLLERR | C.POLLHUP | C.POLLNVAL;

function disposedError(): Error {
  return new DOMException("The poller was disposed of", "AbortError");
}
