import { fromFileUrl } from "@std/path";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const HANDOFF = ["run", "--quiet", "--frozen", `--import-map=${ROOT}import_map.npm.json`, "-A"];

/** What one command printed, and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
  readonly ms: number;
}

/** A daemon under `handoff supervise`, both real processes. */
export class Supervised implements AsyncDisposable {
  readonly dataDir: string;
  readonly #process: Deno.ChildProcess;
  readonly #stderr: Promise<string>;

  constructor(dataDir: string, listeners: Readonly<Record<string, string>>, program: string) {
    this.dataDir = dataDir;
    const listen = Object.entries(listeners).flatMap(([name, address]) => ["--listen", `${name}=${address}`]);
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...HANDOFF,
        `${ROOT}cli.ts`,
        "supervise",
        ...listen,
        "--dir",
        dataDir,
        "--",
        ...daemonCommand(program, dataDir),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    this.#stderr = new Response(this.#process.stderr).text();
  }

  /** The supervisor's. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Runs `handoff COMMAND… DIR [-- …]`. */
  async handoff(command: string, options: readonly string[] = [], program?: string): Promise<CommandResult> {
    const start = performance.now();
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...HANDOFF,
        `${ROOT}cli.ts`,
        command,
        ...options,
        this.dataDir,
        ...(program === undefined ? [] : ["--", ...daemonCommand(program, this.dataDir)]),
      ],
      stdin: "null",
      env: { NO_COLOR: "1" },
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { code, output, ms: performance.now() - start };
  }

  /** Waits until the supervisor has ended, and gives its exit code. */
  async ended(): Promise<{ code: number; stderr: string }> {
    const { code } = await this.#process.status;
    return { code, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    await this.ended();
  }
}

function daemonCommand(program: string, dataDir: string): string[] {
  return [Deno.execPath(), ...HANDOFF, program, dataDir];
}

/** A port on the loopback interface that was free just now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
