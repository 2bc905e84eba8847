/**
 * A small daemon that owns a data directory: it appends what it is sent to a journal, and an answer means that the entry
 * is on the disk.
 *
 * ```
 * deno run --allow-ffi --allow-net=127.0.0.1 --allow-read=DIR --allow-write=DIR daemon.ts DIR [--port=8080] [--wait=MS]
 *
 * GET  /                  who runs here, and how many entries there are
 * POST /entries           appends the body
 * GET  /entries?after=0   up to 1000 entries behind that number
 * ```
 *
 * On SIGTERM or SIGINT it finishes the requests in flight, closes the journal and gives the directory back; a second
 * signal ends it at once. When another process owns the directory, it waits for that as long as it is told, and then
 * exits with 75 (EX_TEMPFAIL), which tells a supervisor to try again later. Should the directory be replaced under it,
 * it stops too.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
// deno-lint-ignore no-import-prefix no-unversioned-import -- as it stands in a program outside this repository
import { DataDirLock, LockHeldError } from "jsr:@scope/handoff";

/** Exit codes of sysexits.h. */
const EX_USAGE = 64;
const EX_TEMPFAIL = 75;

const LARGEST_ENTRY = 64 * 1024;

/** The entries, in the order in which they came. */
class Journal implements Disposable {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // With a write-ahead log, FULL flushes it to the disk before each commit returns.
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
    `);
  }

  append(text: string): unknown {
    return this.#database.prepare("INSERT INTO entries (text) VALUES (?) RETURNING id").get(text);
  }

  after(id: number): unknown[] {
    return this.#database.prepare("SELECT id, text FROM entries WHERE id > ? ORDER BY id LIMIT 1000").all(id);
  }

  count(): number {
    return Number(this.#database.prepare("SELECT count(*) AS entries FROM entries").get()?.entries);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const { values: { port, wait }, positionals: [dataDir] } = parseArgs({
  options: { port: { type: "string", default: "8080" }, wait: { type: "string", default: "0" } },
  allowPositionals: true,
});
if (dataDir === undefined) {
  console.error("usage: daemon.ts DIR [--port=8080] [--wait=MS]");
  Deno.exit(EX_USAGE);
}

try {
  await run(dataDir, { port: Number(port), timeout: Number(wait) });
} catch (error) {
  if (!(error instanceof LockHeldError)) throw error;
  console.error(`daemon: ${error.message}`);
  Deno.exitCode = EX_TEMPFAIL;
}

/** Runs until a signal comes. What `using` opened is closed in the reverse order, so the lock is given back last. */
async function run(dataDir: string, { port, timeout }: { port: number; timeout: number }): Promise<void> {
  await using lock = await DataDirLock.acquire(dataDir, {
    timeout,
    onWait: ({ pid }) => log("waiting", { pid }),
  });
  using journal = new Journal(`${lock.dataDir}/journal.db`);
  const stop = firstOf(lock.lost, "SIGTERM", "SIGINT");
  await using service = serve(journal, { dataDir: lock.dataDir, port });
  log("ready", { pid: Deno.pid, url: service.url, entries: journal.count() });
  log("stopping", { because: await stop });
  // To stop because the lock is lost is to fail.
  lock.verify();
}

interface Service extends AsyncDisposable {
  readonly url: string;
}

/** Serves `journal` on the loopback interface; disposal waits for the requests in flight. */
function serve(journal: Journal, { dataDir, port }: { dataDir: string; port: number }): Service {
  const inFlight = new Set<Promise<Response>>();
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
    const response = respond(journal, dataDir, request);
    inFlight.add(response);
    return response.finally(() => inFlight.delete(response));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      // First, since a shutdown cuts off the bodies that are still being read.
      await Promise.allSettled(inFlight);
      await server.shutdown();
    },
  };
}

async function respond(journal: Journal, dataDir: string, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /":
      return Response.json({ pid: Deno.pid, dataDir, entries: journal.count() });
    case "GET /entries":
      return Response.json(journal.after(Number(searchParams.get("after"))));
    case "POST /entries": {
      const length = request.headers.get("content-length");
      if (length === null) return new Response("Content-Length is missing\n", { status: 411 });
      if (Number(length) > LARGEST_ENTRY) return new Response("The entry is too large\n", { status: 413 });
      return Response.json(journal.append(await request.text()), { status: 201 });
    }
  }
  return new Response("There is no such thing here\n", { status: 404 });
}

/** What comes first: one of `signals`, the next of which has its usual effect again, or that `lost` is aborted. */
async function firstOf(lost: AbortSignal, ...signals: Deno.Signal[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const listeners = signals.map((signal) => [signal, () => resolve(signal)] as const);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  lost.addEventListener("abort", () => resolve(lost.reason.message));
  const first = await promise;
  for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  return first;
}

function log(event: string, fields: Record<string, unknown>): void {
  console.log(JSON.stringify({ event, ...fields }));
}
