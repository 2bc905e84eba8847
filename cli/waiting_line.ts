import type { Holder } from "../lock/inspect.ts";
import { commandOf } from "./proc.ts";
import { duration, printableLine } from "./text.ts";

/** How often the line is rewritten, in milliseconds. */
const INTERVAL = 1_000;
/** The width of a terminal that does not tell its own. */
const USUAL_WIDTH = 80;

/**
 * Tells on standard error who is being waited for. On a terminal it is a line that also has for how long, rewritten each
 * second, and gone at the end; without one it is a line at the start. It has no colour.
 */
export class WaitingLine implements Disposable {
  readonly #start = performance.now();
  #timer?: ReturnType<typeof setInterval>;
  #who = "";
  #length = 0;

  /** Starts the line, or names another holder. */
  show(holder: Holder): void {
    const told = this.#who !== "";
    this.#who = describe(holder);
    if (Deno.stderr.isTerminal()) {
      this.#timer ??= setInterval(() => this.#write(), INTERVAL);
      this.#write();
    } else if (!told) {
      console.error(`handoff: waiting for ${this.#who}`);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#length > 0) this.#replace("");
  }

  #write(): void {
    this.#replace(`waiting ${duration(performance.now() - this.#start)} for ${this.#who}`);
  }

  #replace(line: string): void {
    const visible = line.slice(0, (Deno.consoleSize().columns || USUAL_WIDTH) - 1);
    const text = `\r${visible.padEnd(this.#length)}${visible === "" ? "\r" : ""}`;
    this.#length = visible.length;
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}

function describe({ pid, liveness }: Holder): string {
  if (pid === undefined) return "a holder that the pidfile does not name";
  if (liveness === "dead") return `an unknown holder; the named one, process ${pid}, is dead`;
  const command = commandOf(pid);
  return `process ${pid}${command === undefined ? "" : `: ${printableLine(command)}`}`;
}
