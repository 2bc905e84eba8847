import type { Phase } from "./swap_figures.ts";

/** A server, ours or another project's, that can be replaced while it serves. */
export interface Peer {
  /** As the table names it. */
  readonly name: string;
  /** Starts it; a string says why it cannot be measured here. */
  start(options: PeerOptions): Promise<RunningPeer | string>;
}

/** Where it is to run. */
export interface PeerOptions {
  readonly port: number;
  /** An empty directory of its own. */
  readonly dir: string;
}

/** A server that answers `GET /` with 200. */
export interface RunningPeer extends AsyncDisposable {
  readonly version: string;
  /** Replaces it as its manual says; resolves when its own command has returned, with the phases that it tells. */
  swap(): Promise<readonly Phase[] | void>;
}

/** A process that a peer consists of, ended with SIGTERM, and at last with SIGKILL. */
export class PeerProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  constructor(command: string, args: readonly string[], options: Deno.CommandOptions = {}) {
    this.#process = new Deno.Command(command, {
      stdin: "null",
      stdout: "null",
      stderr: "null",
      ...options,
      args: [...args],
    }).spawn();
  }

  get status(): Promise<Deno.CommandStatus> {
    return this.#process.status;
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Resolves when it has printed something; what follows is read and dropped. */
  async firstOutput(): Promise<void> {
    const reader = this.#process.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    if (done) throw new Error("The program has ended without a word");
    this.#process.stdout.pipeTo(new WritableStream()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const kill = (signal: Deno.Signal) => {
      try {
        this.kill(signal);
      } catch {
        // It has ended.
      }
    };
    kill("SIGTERM");
    const last = setTimeout(() => kill("SIGKILL"), 10_000);
    await this.status;
    clearTimeout(last);
  }
}

/** What a command prints first; undefined where it is not installed. */
export async function versionOf(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return text.trim().split("\n")[0];
  } catch {
    return undefined;
  }
}

/** Waits until the server answers. */
export async function answering(port: number): Promise<void> {
  while (true) {
    try {
      await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
