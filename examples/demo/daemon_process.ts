import { fromFileUrl } from "@std/path";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

/** A process of `examples/daemon.ts`. Disposal kills it, if it still runs. */
export class DaemonProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly stderr: Promise<string>;
  readonly #nextLine: () => Promise<string | undefined>;
  readonly #status: Promise<Deno.CommandStatus>;
  #ended = false;

  /** Starts it with the least permissions. */
  constructor(dataDir: string, ...flags: string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--frozen",
        `--config=${PROJECT}deno.json`,
        `--import-map=${PROJECT}import_map.npm.json`,
        "--allow-ffi",
        "--allow-env",
        "--allow-net=127.0.0.1",
        `--allow-read=${dataDir}`,
        `--allow-write=${dataDir}`,
        `${PROJECT}examples/daemon.ts`,
        dataDir,
        "--port=0",
        ...flags,
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#status = this.#process.status.finally(() => this.#ended = true);
    this.#nextLine = lineReader(this.#process.stdout);
    this.stderr = new Response(this.#process.stderr).text();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get status(): Promise<Deno.CommandStatus> {
    return this.#status;
  }

  /** The next line of its log; undefined when it has ended. */
  nextLine(): Promise<string | undefined> {
    return this.#nextLine();
  }

  /** Waits until it serves, and resolves to its address. */
  async serving(): Promise<string> {
    const line = await this.nextLine();
    if (line === undefined) throw new Error(`The daemon ended before it was ready: ${await this.stderr}`);
    return JSON.parse(line).url;
  }

  end(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    this.#process.kill(signal);
    return this.#status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#process.kill("SIGKILL");
    await this.#status;
    await this.stderr;
  }
}

/** Reads a stream line by line; undefined is its end. */
function lineReader(stream: ReadableStream<Uint8Array<ArrayBuffer>>): () => Promise<string | undefined> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async () => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      text += value;
    }
    const end = text.indexOf("\n");
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return line;
  };
}
