import { eventually } from "./patience.ts";

/**
 * A process that is no child of this one, so that it may outlive the test that started it: a file of tests can share it.
 * Its standard error goes to a file.
 */
export class DetachedProcess {
  readonly pid: number;
  readonly #codeFile: string;

  private constructor(pid: number, codeFile: string) {
    this.pid = pid;
    this.#codeFile = codeFile;
  }

  /** Starts a command line; its standard error is appended to `stderr`, and its exit code kept beside that. */
  static async start(command: readonly string[], { stderr }: { readonly stderr: string }): Promise<DetachedProcess> {
    const codeFile = `${stderr}.${crypto.randomUUID()}.code`;
    const { code, stdout } = await new Deno.Command("/bin/sh", {
      args: ["-c", IN_BACKGROUND, "sh", stderr, codeFile, ...command],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stderr: "inherit",
    }).output();
    if (code !== 0) throw new Error(`The shell exited with ${code}`);
    return new DetachedProcess(Number(new TextDecoder().decode(stdout)), codeFile);
  }

  /** Sends a signal, if the process has not ended. */
  kill(signal: Deno.Signal): void {
    killIfAlive(this.pid, signal);
  }

  /** The exit code, 128+n after signal n, once the process has ended. */
  async ended(): Promise<number> {
    return await eventually(() => {
      const text = Deno.readTextFileSync(this.#codeFile);
      if (!text.endsWith("\n")) throw new Error("The exit code is not written yet");
      return Number(text);
    });
  }

  /** Kills it with SIGKILL, and waits until it has ended. */
  async killed(): Promise<void> {
    this.kill("SIGKILL");
    await this.ended();
  }
}

/** The first shell prints the pid and ends; the second one stays as the parent, and writes down the exit code. */
const IN_BACKGROUND = `stderr=$1 codefile=$2; shift 2
( "$@" </dev/null >/dev/null 2>>"$stderr" & echo $!; exec >/dev/null 2>&1; wait $!; echo $? >"$codefile" ) &`;

/** Whether a process runs: one that has ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Sends a signal to a process, if that has not ended. */
export function killIfAlive(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !/ESRCH/.test(String(error))) throw error;
  }
}

/** Resolves when a process has ended. */
export async function untilGone(pid: number): Promise<void> {
  await eventually(() => {
    if (isAlive(pid)) throw new Error(`Process ${pid} has not ended`);
  });
}
