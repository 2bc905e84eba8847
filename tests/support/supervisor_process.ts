import { handoffLine } from "./command.ts";
import { inTime } from "./patience.ts";
import type { Answer } from "./supervised.ts";
import type { TempDir } from "./temp_dir.ts";

/** A line of a supervisor's log. */
interface Logged {
  readonly event: string;
  // deno-lint-ignore no-explicit-any -- each event has fields of its own, and the asserts look at them
  readonly [field: string]: any;
}

/** What a supervisor is started with, beside its command line. */
export interface Start {
  readonly env?: Readonly<Record<string, string>>;
  /** A command line to put before its own. */
  readonly prefix?: readonly string[];
  /** Addresses by listener; by default "http" on a port of its own. */
  readonly listen?: readonly string[];
}

/** `handoff supervise` as a process of its own; at the end of the block it is stopped, or was. */
export class SupervisorProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #news = new Set<() => void>();
  readonly #stderr: ReadableStreamDefaultReader<string>;
  readonly #read: Promise<void>;

  /** Supervises the daemon of a command line; the listener "http" is on a port of its own. */
  constructor(
    dir: TempDir,
    command: readonly string[],
    options: readonly string[] = [],
    { env, prefix = [], listen = ["http=127.0.0.1:0"] }: Start = {},
  ) {
    const listeners = listen.flatMap((listener) => ["--listen", listener]);
    const args = ["supervise", "--dir", dir.path, ...listeners, ...options, "--", ...command];
    const line = [...prefix, ...handoffLine(args)];
    this.#process = new Deno.Command(line[0], {
      args: line.slice(1),
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = this.#process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    this.#read = this.#readLog();
  }

  /** The same, once the daemon serves. */
  static async serving(
    dir: TempDir,
    command: readonly string[],
    options: readonly string[] = [],
    start: Start = {},
  ): Promise<SupervisorProcess> {
    const supervisor = new SupervisorProcess(dir, command, options, start);
    await supervisor.logged("daemon-serves");
    return supervisor;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get status(): Promise<Deno.CommandStatus> {
    return inTime(this.#process.status);
  }

  /** All that it and its daemons have written to their standard error. */
  get stderr(): string {
    return this.#lines.join("\n");
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** The first line of an event that `matches`, as soon as there is one; fails when the supervisor ends without. */
  async logged(event: string, matches: (line: Logged) => boolean = () => true): Promise<Logged> {
    const { promise, resolve, reject } = Promise.withResolvers<Logged>();
    const look = () => {
      const line = this.#log().find((line) => line.event === event && matches(line));
      if (line !== undefined) resolve(line);
    };
    this.#news.add(look);
    look();
    const ended = this.#read.then(() => reject(new Error(`It ended without "${event}":\n${this.stderr}`)));
    try {
      return await inTime(promise);
    } finally {
      this.#news.delete(look);
      ended.catch(() => {});
    }
  }

  /** What whoever serves now answers. */
  async ask(): Promise<Answer> {
    const { listeners } = await this.logged("supervising");
    const response = await fetch(`http://${listeners[0].address}/`);
    return await response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.status;
    // A daemon that it has left behind keeps the pipe open.
    await this.#stderr.cancel().catch(() => {});
    await this.#read;
  }

  #log(): Logged[] {
    return this.#lines.filter((line) => line.startsWith('{"time":')).map((line) => JSON.parse(line));
  }

  async #readLog(): Promise<void> {
    let rest = "";
    while (true) {
      const { value, done } = await this.#stderr.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop()!;
      this.#lines.push(...lines);
      for (const tell of this.#news) tell();
    }
  }
}
