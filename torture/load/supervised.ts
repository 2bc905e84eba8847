import { fromFileUrl } from "@std/path";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const DENO_RUN = [
  Deno.execPath(),
  "run",
  "--quiet",
  "--frozen",
  `--config=${ROOT}deno.json`,
  `--import-map=${ROOT}import_map.npm.json`,
  "-A",
];

/** What one command printed, and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
  readonly ms: number;
}

/** What is supervised. */
export interface SupervisedOptions {
  readonly dataDir: string;
  /** Addresses by name. */
  readonly listeners: Readonly<Record<string, string>>;
  /** A program of this project, and its arguments. */
  readonly program: readonly string[];
  /** Options of `handoff supervise` beside those. */
  readonly flags?: readonly string[];
}

/** A daemon under `handoff supervise`, both real processes. Disposal stops both. */
export class Supervised implements AsyncDisposable {
  readonly #options: SupervisedOptions;
  #process: Deno.ChildProcess;
  #stderr: Promise<string>;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    [this.#process, this.#stderr] = supervise(options);
  }

  /** The supervisor's. */
  get pid(): number {
    return this.#process.pid;
  }

  get dataDir(): string {
    return this.#options.dataDir;
  }

  /** Starts a supervisor again, after the one before has ended. Its daemon, which has its standard error, may live on. */
  async restart(): Promise<void> {
    await this.#process.status;
    [this.#process, this.#stderr] = supervise(this.#options);
  }

  /** Sends a signal to the supervisor, if it has not ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended.
    }
  }

  /** Runs `handoff COMMAND… DIR [-- PROGRAM…]`. */
  async handoff(
    command: string,
    { flags = [], program }: { flags?: readonly string[]; program?: readonly string[] } = {},
  ): Promise<CommandResult> {
    const start = performance.now();
    const successor = program === undefined ? [] : ["--", ...DENO_RUN, ...program];
    const [deno, ...args] = [...DENO_RUN, `${ROOT}cli.ts`, command, ...flags, this.dataDir, ...successor];
    const { code, stdout, stderr } = await new Deno.Command(deno!, { args, stdin: "null", env: { NO_COLOR: "1" } })
      .output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { code, output, ms: performance.now() - start };
  }

  /** Waits until the supervisor has ended, and gives its exit code. */
  async ended(): Promise<{ code: number; stderr: string }> {
    const { code } = await this.#process.status;
    return { code, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGTERM");
    await this.#process.status;
  }
}

function supervise(
  { dataDir, listeners, program, flags = [] }: SupervisedOptions,
): [Deno.ChildProcess, Promise<string>] {
  const listen = Object.entries(listeners).flatMap(([name, address]) => ["--listen", `${name}=${address}`]);
  const [deno, ...args] = [
    ...DENO_RUN,
    `${ROOT}cli.ts`,
    "supervise",
    ...listen,
    "--dir",
    dataDir,
    ...flags,
    "--",
    ...DENO_RUN,
    ...program,
  ];
  const process = new Deno.Command(deno!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  return [process, new Response(process.stderr).text()];
}

/** A port on the loopback interface that was free just now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
