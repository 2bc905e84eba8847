import { now } from "./clock.ts";
import type { Writer } from "./record.ts";
import { brief, type Journal } from "./journal.ts";
import type { Orders } from "./orders.ts";
import { Program, type ProgramOptions } from "./program.ts";

/** How long after the end of the torture a program may take to come to its own. */
const GRACE_MS = 300_000;

/** The programs that run, each in a place of its own: when one ends, another takes its place. */
export class Crew {
  readonly #journal: Journal;
  readonly #driver: Writer;
  readonly #running = new Set<Program>();
  #dismissed = false;

  constructor(journal: Journal, driver: Writer) {
    this.#journal = journal;
    this.#driver = driver;
  }

  /** Those that are at work. */
  get working(): readonly Program[] {
    return [...this.#running].filter((program) => program.started);
  }

  /** Ends all that run, and starts no other. */
  async dismiss(): Promise<void> {
    this.#dismissed = true;
    const running = [...this.#running];
    for (const program of running) program.kill("SIGKILL");
    await Promise.all(running.map((program) => program.ended));
  }

  /** Runs one program after the other in a place, until the time in the orders has come. */
  async staff(place: string, orders: Omit<Orders, "who">, options: ProgramOptions): Promise<void> {
    for (let turn = 1; now() < orders.until && !this.#dismissed; turn++) {
      const who = `${place}.${turn}`;
      await this.run({ ...orders, who, seed: `${orders.seed} ${who}` }, options);
    }
  }

  /** Runs one program to its end. */
  async run(orders: Orders, options: ProgramOptions): Promise<void> {
    const program = new Program(orders, options);
    const { who: whom } = program;
    this.#running.add(program);
    const watchdog = setTimeout(() => {
      this.#journal.append(this.#driver, { what: "stuck", whom });
      program.kill("SIGKILL");
    }, Math.max(0, orders.until - now()) + GRACE_MS);
    const { code, signal, said } = await program.ended;
    clearTimeout(watchdog);
    this.#running.delete(program);
    this.#journal.append(this.#driver, { what: "gone", whom, code, signal, said: brief(said) });
  }
}
