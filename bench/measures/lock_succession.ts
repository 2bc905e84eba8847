import { now, pause } from "../shared_clock.ts";
import { Contender } from "../contender_process.ts";
import { makeDataDir, type Place } from "../places.ts";
import { type Waiter, waiterNamed } from "../waiter.ts";

/** For how long the lock is held at least, and at most, once another process waits for it, in milliseconds. */
const HELD: readonly [number, number] = [20, 70];

/** One directory, whose lock goes from a holder to a process that waits for it, time and again. */
export class Succession implements AsyncDisposable {
  readonly #waiter: Waiter;
  readonly #holderName: string;
  readonly #dataDir: string;
  #holder: Contender;
  #successor: Contender;

  constructor(waiter: Waiter, place: Place) {
    this.#waiter = waiter;
    this.#holderName = waiterNamed(waiter.holder ?? waiter.name).name;
    this.#dataDir = makeDataDir(place);
    this.#holder = new Contender(this.#dataDir);
    this.#successor = new Contender(this.#dataDir);
  }

  /** From the call of release in one process to the lock in the other, in milliseconds. */
  async handover(): Promise<number> {
    await this.#holdAndWait();
    await this.#holder.tell({ action: "release", after: this.#holding() });
    const { at } = await this.#successor.hear("taken");
    const released = await this.#holder.ask({ action: "released" }, "released");
    await this.#successor.tell({ action: "release", after: 0 });
    return at - released.at;
  }

  /** The same between two processes that have never before held or waited. */
  async firstHandover(): Promise<number> {
    await this[Symbol.asyncDispose]();
    this.#holder = new Contender(this.#dataDir);
    this.#successor = new Contender(this.#dataDir);
    return await this.handover();
  }

  /** From the SIGKILL of the holder to the lock in the other process, in milliseconds. */
  async death(): Promise<number> {
    await this.#holdAndWait();
    await pause(this.#holding());
    const killed = now();
    this.#holder.kill();
    const { at } = await this.#successor.hear("taken");
    await this.#successor.tell({ action: "release", after: 0 });
    await this.#holder[Symbol.asyncDispose]();
    this.#holder = new Contender(this.#dataDir);
    return at - killed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
    await this.#successor[Symbol.asyncDispose]();
  }

  async #holdAndWait(): Promise<void> {
    await this.#holder.ask({ action: "take", by: this.#holderName }, "waiting");
    await this.#holder.hear("taken");
    await this.#successor.ask({ action: "take", by: this.#waiter.name }, "waiting");
  }

  /** Any time before the first retry of those who seldom try, whose later pauses are longer. */
  #holding(): number {
    const [least, most] = HELD;
    return least + Math.random() * ((this.#waiter.retriesAfter ?? most) - least);
  }
}
