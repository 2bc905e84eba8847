import { fromFileUrl } from "@std/path";
import { inTime } from "./patience.ts";

const PROGRAM = fromFileUrl(new URL("../programs/terminal.py", import.meta.url));

/** A program on a terminal of its own, as for an interactive user. Needs python3. */
export class Terminal implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #screen = "";

  /** Runs a command line, with NO_COLOR set or not. */
  constructor(commandLine: readonly string[], { noColor = false }: { noColor?: boolean } = {}) {
    this.#process = new Deno.Command("env", {
      args: [noColor ? "NO_COLOR=1" : "--unset=NO_COLOR", "python3", PROGRAM, ...commandLine],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#keyboard = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Resolves to all that was written, as soon as that includes the text, or what the expression matches. */
  async shows(text: string | RegExp): Promise<string> {
    const shown = () => typeof text === "string" ? this.#screen.includes(text) : text.test(this.#screen);
    await inTime(this.#readUntil(shown), `The terminal did not show ${text}`);
    if (shown()) return this.#screen;
    throw new Error(`The program ended, and this is not on its screen: ${text}\n${this.#screen}`);
  }

  async type(text: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(text));
  }

  /** All that was written, once the program has ended. */
  async ended(): Promise<string> {
    await inTime(this.#readUntil(() => false));
    return this.#screen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#keyboard.abort().catch(() => {});
    await this.#output.cancel().catch(() => {});
    await this.#process.status;
  }

  /** Reads until there is nothing more, or what was hoped for. */
  async #readUntil(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      const { value, done } = await this.#output.read();
      if (done) return;
      this.#screen += value;
    }
  }
}
