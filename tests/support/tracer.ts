import type { Requirement } from "./claim.ts";
import { TempDir } from "./temp_dir.ts";

/** Which system calls of a program are looked at, and what is done to them. */
export interface TracerOptions {
  /** Only calls about these files, by path or by descriptor; they need not exist yet. All, where none is given. */
  readonly files: readonly string[];
  /** Only what the main thread calls: neither its other threads nor the children that it starts. */
  readonly mainThread?: boolean;
  /** What is done to which call, as in strace's `-e inject=`: `"fsync:error=EIO:when=1"`. */
  readonly inject?: string;
}

/** One system call: the `nth` of its name about its file. */
export interface SystemCall {
  readonly name: string;
  /** The file that it is about, by path; of two, the first. */
  readonly file: string;
  readonly nth: number;
}

/** What attaching to a program that strace did not start takes: where the kernel asks for it, root. */
export const TRACING: readonly Requirement[] = mayAttach() ? ["strace"] : ["strace", "root"];

/**
 * strace(1), attached to a running program and all its threads until the end of the block. What the program did before,
 * such as its start, is neither seen nor counted; and at the end of the block what was done to its calls is over.
 */
export class Tracer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #messages: ReadableStreamDefaultReader<string>;
  readonly #log: TempDir;

  private constructor(process: Deno.ChildProcess, log: TempDir) {
    this.#process = process;
    this.#messages = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    this.#log = log;
  }

  /** Attaches to the program; every call it makes from now on is traced. */
  static async attach(pid: number, { files, inject, mainThread }: TracerOptions): Promise<Tracer> {
    const log = new TempDir();
    const paths = files.flatMap((file) => ["-P", file]);
    const injection = inject === undefined ? [] : ["-e", `inject=${inject}`];
    const process = new Deno.Command("strace", {
      args: [...mainThread ? [] : ["-f"], "-y", "-o", log.join("log"), "-p", `${pid}`, ...paths, ...injection],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const tracer = new Tracer(process, log);
    const { value } = await tracer.#messages.read();
    if (value?.includes(" attached")) return tracer;
    await tracer[Symbol.asyncDispose]();
    throw new Error(`Cannot trace process ${pid}: ${value}`);
  }

  /** The lines that strace has written so far, each with a thread in front. */
  get lines(): string[] {
    return Deno.readTextFileSync(this.#log.join("log")).split("\n");
  }

  /** How many calls were made to fail so far. */
  get injected(): number {
    return this.lines.filter((line) => line.endsWith("(INJECTED)")).length;
  }

  /** The calls so far, in order. */
  get calls(): SystemCall[] {
    const seen: Record<string, number> = {};
    return this.lines.flatMap((line) => {
      // `42 close(21</data/.handoff.lock>) = 0` and `42 openat(AT_FDCWD</>, "/data/.handoff.lock", O_RDWR) = 21</data…`
      const [, name, byDescriptor, byPath] = CALL.exec(line) ?? [];
      const file = byDescriptor ?? byPath;
      if (file === undefined) return [];
      const nth = seen[`${name} ${file}`] = (seen[`${name} ${file}`] ?? 0) + 1;
      return [{ name, file, nth }];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended, with the program.
    }
    while (!(await this.#messages.read()).done);
    await this.#process.status;
    this.#log[Symbol.dispose]();
  }
}

const CALL = /^\d+ +(\w+)\((?:\d+<([^>]*)>|(?:AT_FDCWD<[^>]*>, )?"([^"]*)")/;

function mayAttach(): boolean {
  try {
    return Deno.readTextFileSync("/proc/sys/kernel/yama/ptrace_scope").trim() === "0";
  } catch {
    return true;
  }
}
