import { fromFileUrl } from "@std/path";
import { inTime } from "./patience.ts";

/** One line that a program of `tests/programs` prints: what happened, and what belongs to it. */
export interface Report {
  readonly event: string;
  // deno-lint-ignore no-explicit-any -- each event has fields of its own, and the asserts look at them
  readonly [field: string]: any;
}

/** How a program is run. */
export interface ChildOptions {
  readonly args?: readonly string[];
  /** The permission flags; everything by default. */
  readonly permissions?: readonly string[];
  /** Flags for `deno run` beside the permissions. */
  readonly flags?: readonly string[];
  readonly cwd?: string;
  /** A command line to put before Deno's, such as `strace -f`. */
  readonly prefix?: readonly string[];
}

const IMPORT_MAP = fromFileUrl(new URL("../../import_map.npm.json", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const PROGRAMS = fromFileUrl(new URL("../programs/", import.meta.url));

/**
 * A running program of `tests/programs`, as a real process of its own. It reports in JSON lines, takes commands as lines
 * on its standard input, and ends when that is closed; at the end of the block it is killed, whatever it does.
 */
export class Child implements AsyncDisposable {
  readonly #program: string;
  readonly #process: Deno.ChildProcess;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reports: ReadableStreamDefaultReader<Report>;
  readonly #stderr: Promise<string>;

  constructor(program: string, options: ChildOptions = {}) {
    this.#program = program;
    const command = commandLine(program, options);
    this.#process = new Deno.Command(command[0], {
      args: command.slice(1),
      cwd: options.cwd,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#commands = this.#process.stdin.getWriter();
    this.#reports = this.#process.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(lines())
      .getReader();
    this.#stderr = new Response(this.#process.stderr).text();
  }

  /** The process id: of the program, or of what `prefix` starts. */
  get pid(): number {
    return this.#process.pid;
  }

  get status(): Promise<Deno.CommandStatus> {
    return this.#process.status;
  }

  /** All that the program writes to its standard error; resolves when it ends. */
  get stderr(): Promise<string> {
    return this.#stderr;
  }

  /** The next report; fails with the program's standard error when it ends without one. */
  async next(): Promise<Report> {
    const { value, done } = await inTime(this.#reports.read(), `${this.#program} reported nothing`);
    if (done) throw new Error(`The program ended without a report: ${await this.#stderr}`);
    return value;
  }

  /** Sends a command. */
  async send(command: string): Promise<void> {
    await this.#commands.write(new TextEncoder().encode(`${command}\n`));
  }

  /** Sends a command and waits for the report that answers it. */
  async ask(command: string): Promise<Report> {
    await this.send(command);
    return await this.next();
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Kills the program with `signal`, and waits until the kernel has buried it. */
  async killed(signal: Deno.Signal = "SIGKILL"): Promise<Deno.CommandStatus> {
    this.kill(signal);
    return await this.status;
  }

  /** Closes the program's standard input and waits for its end. */
  async end(): Promise<Deno.CommandStatus> {
    await this.#commands.close().catch(() => {});
    return await this.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#commands.abort().catch(() => {});
    await this.status;
    await this.#reports.cancel().catch(() => {});
    await this.#stderr;
  }
}

/** The command line that runs a program of `tests/programs` with this Deno and these imports. */
export function commandLine(program: string, options: ChildOptions = {}): string[] {
  return [
    ...options.prefix ?? [],
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    `--config=${CONFIG}`,
    `--import-map=${IMPORT_MAP}`,
    ...options.flags ?? [],
    ...options.permissions ?? ["-A"],
    program.startsWith("/") ? program : `${PROGRAMS}${program}`,
    ...options.args ?? [],
  ];
}

function lines(): TransformStream<string, Report> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) controller.enqueue(JSON.parse(line));
    },
  });
}
