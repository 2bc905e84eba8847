/**
 * A daemon that keeps what it is sent, a line for each POST, and appends its events as JSON lines to a file. Its two
 * arguments are the data directory and its {@linkcode Conduct} as JSON.
 */
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { runDaemon } from "@scope/handoff/daemon";

/** How the daemon behaves. */
export interface Conduct {
  /** Where the events go. */
  readonly log: string;
  readonly listen?: Readonly<Record<string, string>>;
  readonly lockTimeout?: number;
  /** What throws, once: `open` in this role, or one of the others. */
  readonly fails?: "cold-start" | "successor" | "resumed" | "drain" | "seal" | "healthy";
  readonly unhealthy?: boolean;
  /** What it is to have in place of a certificate and of its key. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** For how long `open` or the seal blocks the event loop, in milliseconds. */
  readonly blocks?: { readonly open?: number; readonly seal?: number };
  /** What is subtracted from the revision. */
  readonly behind?: number;
}

class Lines implements Disposable {
  readonly #path: string;
  readonly #fd: number;
  count: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, "a+");
    this.count = this.read().length;
  }

  append(text: string): number {
    writeSync(this.#fd, `${text}\n`);
    fsyncSync(this.#fd);
    return ++this.count;
  }

  read(): string[] {
    return readFileSync(this.#path, "utf8").split("\n").slice(0, -1);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    block(conduct.blocks?.seal);
    failAt("seal");
  }
}

const dataDir = Deno.args[0];
const conduct: Conduct = JSON.parse(Deno.args[1]);
let failure: string | undefined = conduct.fails;

function failAt(point: string): void {
  if (failure !== point) return;
  failure = undefined;
  throw new Error(`${point} was told to fail`);
}

function block(ms = 0): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function log(event: object): void {
  appendFileSync(conduct.log, `${JSON.stringify({ pid: Deno.pid, ...event })}\n`);
}

try {
  const outcome = await runDaemon({
    dataDir,
    listen: conduct.listen,
    lockTimeout: conduct.lockTimeout,
    buildId: "test",
    open: ({ dataDir, role }) => {
      log({
        type: "open",
        role,
        env: Object.keys(Deno.env.toObject()).filter((name) => /^(LISTEN|HANDOFF)_/.test(name)),
      });
      block(conduct.blocks?.open);
      failAt(role);
      return new Lines(`${dataDir}/lines`);
    },
    drain: () => failAt("drain"),
    healthy: () => {
      failAt("healthy");
      return !conduct.unhealthy;
    },
    revision: (lines) => BigInt(lines.count - (conduct.behind ?? 0)),
    listeners: {
      http: {
        tls: conduct.tls,
        fetch: async (request, { state, draining }) => {
          const { pathname } = new URL(request.url);
          if (request.method === "POST" && pathname === "/") {
            return Response.json({ pid: Deno.pid, id: state.append(await request.text()) });
          }
          if (pathname === "/slow") {
            log({ type: "slow" });
            await new Promise((resolve) => draining.addEventListener("abort", resolve));
          }
          if (pathname === "/spawn") {
            const { pid: child } = new Deno.Command("sleep", { args: ["60"] }).spawn();
            return Response.json({ pid: Deno.pid, child });
          }
          if (pathname === "/stuck") {
            log({ type: "stuck" });
            await new Promise(() => {});
          }
          return Response.json({ pid: Deno.pid, lines: state.count });
        },
      },
    },
    onEvent: ({ ...event }) => log(event.type === "session-failed" ? { ...event, error: event.error.message } : event),
  });
  log({ type: "resolved", outcome });
} catch (error) {
  log({ type: "rejected", name: (error as Error).name, message: (error as Error).message });
  Deno.exitCode = 1;
}
