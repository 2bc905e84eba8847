/**
 * A daemon of this module that keeps what it is sent, a line for each POST, and answers `GET /` with its pid and its
 * lines; `GET /endless` has an answer that does not end. Its arguments are the data directory and, where it is to die by itself, after how many milliseconds of service.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { runDaemon } from "../../../../daemon.ts";

const [dataDir, diesAfterMs] = Deno.args;

class Lines implements Disposable {
  readonly #path: string;
  #unsaved = "";

  constructor(path: string) {
    this.#path = path;
    appendFileSync(path, "");
  }

  add(line: string): void {
    this.#unsaved += `${line}\n`;
  }

  /** What is acknowledged is only safe once it is disposed of: a kill without that loses it. */
  all(): string[] {
    return (readFileSync(this.#path, "utf8") + this.#unsaved).split("\n").slice(0, -1);
  }

  [Symbol.dispose](): void {
    appendFileSync(this.#path, this.#unsaved);
  }
}

await runDaemon({
  dataDir,
  open: ({ dataDir }) => {
    if (diesAfterMs !== undefined) setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), Number(diesAfterMs));
    return new Lines(`${dataDir}/lines`);
  },
  listeners: {
    http: {
      fetch: async (request: Request, { state }: { state: Lines }) => {
        if (new URL(request.url).pathname === "/endless") {
          return new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(1)) }));
        }
        if (request.method === "POST") state.add(await request.text());
        return Response.json({ pid: Deno.pid, build: "daemon", env: {}, lines: state.all() });
      },
    },
  },
});
