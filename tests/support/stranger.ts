import { eventually } from "./patience.ts";

/** `flock(1)`, waiting for the lock of a data directory, and keeping it when it gets it, until it is disposed of. */
export class Stranger implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(dataDir: string) {
    const args = [`${dataDir}/.handoff.lock`, "cat"];
    this.#process = new Deno.Command("flock", { args, stdin: "piped", stdout: "null" }).spawn();
  }

  /** Resolves when it waits, or has the lock. */
  static async start(dataDir: string): Promise<Stranger> {
    await using started = new AsyncDisposableStack();
    const stranger = started.use(new Stranger(dataDir));
    await eventually(() => {
      if (stranger.#locks().length === 0) throw new Error("flock has not got to the lock");
    });
    started.move();
    return stranger;
  }

  /** Whether it has the lock. */
  get hasIt(): boolean {
    return this.#locks().some((line) => !line.includes("->"));
  }

  get pid(): number {
    return this.#process.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
  }

  /** What the kernel says of its locks, and of those that it waits for. */
  #locks(): string[] {
    const lines = Deno.readTextFileSync("/proc/locks").split("\n");
    return lines.filter((line) => line.split(/\s+/).includes(String(this.pid)));
  }
}
