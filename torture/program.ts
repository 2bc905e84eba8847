import { fromFileUrl } from "@std/path";
import type { Orders } from "./orders.ts";

/** How a program of the torture came to its end. */
export interface Ending {
  readonly code: number;
  readonly signal?: string;
  /** What it wrote to its standard error. */
  readonly said: string;
}

/** Which program is run, and with which module as the lock. */
export interface ProgramOptions {
  readonly program: "contender.ts" | "inspector.ts";
  /** The import map; it says what `@scope/handoff` is. */
  readonly importMap: string;
  /** A command line to put before Deno's. */
  readonly prefix?: readonly string[];
}

/** Without what a test run asks its programs to write at their end, where those who are not root may not. */
const { DENO_COVERAGE_DIR: _, ...INHERITED } = Deno.env.toObject();
const ENVIRONMENT = { ...INHERITED, NO_COLOR: "1" };

/** A program of the torture, as a process of its own. */
export class Program {
  readonly who: string;
  /** How it ended. Never rejects. */
  readonly ended: Promise<Ending>;
  readonly #process: Deno.ChildProcess;
  #started = false;

  constructor(orders: Orders, { program, importMap, prefix = [] }: ProgramOptions) {
    this.who = orders.who;
    const path = fromFileUrl(new URL(`./programs/${program}`, import.meta.url));
    const flags = ["--quiet", "-A", "--no-prompt", "--no-config", "--no-lock", `--import-map=${importMap}`];
    const [command, ...args] = [...prefix, Deno.execPath(), "run", ...flags, path, JSON.stringify(orders)];
    this.#process = new Deno.Command(command, {
      args,
      clearEnv: true,
      env: ENVIRONMENT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Whether it is at work: a signal any earlier would only meet the runtime. */
  get started(): boolean {
    return this.#started;
  }

  /** Sends a signal, unless it has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended, and was not waited for yet.
    }
  }

  async #end(): Promise<Ending> {
    const said = new Response(this.#process.stderr).text();
    for await (const _ of this.#process.stdout) this.#started = true;
    this.#started = false;
    const { code, signal } = await this.#process.status;
    return { code, signal: signal ?? undefined, said: await said };
  }
}
