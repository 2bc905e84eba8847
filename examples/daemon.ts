/**
 * A small daemon that owns a data directory: it appends what it is sent to a journal, and an answer means that the entry
 * is on the disk. A supervisor can replace it while it serves (`handoff upgrade`).
 *
 * ```
 * deno run --allow-ffi --allow-env --allow-net=127.0.0.1 --allow-read=DIR --allow-write=DIR daemon.ts DIR
 *
 * GET  /                  which process runs here, and how many entries there are
 * POST /entries           appends the body
 * GET  /entries?after=0   up to 1000 entries behind that number
 * GET  /events            the entries to come, as an event stream
 * ```
 *
 * `--port=8080` is the port where no listener is handed in, `--wait=MS` how long to wait for a directory that is held.
 *
 * On SIGTERM or SIGINT it finishes the requests in flight, closes the journal and gives the directory back. When another
 * process owns the directory, it waits as long as it is told, and then exits with 75 (EX_TEMPFAIL), which tells a
 * supervisor to try again later. Should the directory be replaced under it, it ends too.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
// deno-lint-ignore no-import-prefix no-unversioned-import -- as it stands in a program outside this repository
import { type DaemonEvent, type HandlerContext, LockHeldError, runDaemon } from "jsr:@scope/handoff/daemon";

/** Exit codes of sysexits.h. */
const EX_USAGE = 64;
const EX_TEMPFAIL = 75;

const LARGEST_ENTRY = 64 * 1024;

interface Entry {
  readonly id: number;
  readonly text: string;
}

/** The entries, in the order in which they came. */
class Journal implements Disposable {
  readonly dataDir: string;
  readonly #database: DatabaseSync;
  readonly #listeners = new Set<(entry: Entry) => void>();

  constructor(dataDir: string) {
    this.dataDir = dataDir;
    this.#database = new DatabaseSync(`${dataDir}/journal.db`);
    // With a write-ahead log, FULL flushes it to the disk before each commit returns.
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
    `);
  }

  append(text: string): number {
    const id = Number(this.#database.prepare("INSERT INTO entries (text) VALUES (?)").run(text).lastInsertRowid);
    for (const tell of this.#listeners) tell({ id, text });
    return id;
  }

  after(id: number): unknown[] {
    return this.#database.prepare("SELECT id, text FROM entries WHERE id > ? ORDER BY id LIMIT 1000").all(id);
  }

  count(): number {
    return Number(this.#database.prepare("SELECT count(*) AS entries FROM entries").get()?.entries);
  }

  /** The id of the last entry: what a successor has opened must not be older than what was sealed. */
  revision(): bigint {
    return BigInt(this.#database.prepare("SELECT coalesce(max(id), 0) AS last FROM entries").get()!.last as number);
  }

  /** Calls `tell` for each entry to come; returns how to end that. */
  listen(tell: (entry: Entry) => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
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
  await runDaemon({
    dataDir,
    listen: { http: `127.0.0.1:${port}` },
    lockTimeout: Number(wait),
    open: ({ dataDir }) => new Journal(dataDir),
    revision: (journal) => journal.revision(),
    fetch: respond,
    onEvent: log,
  });
} catch (error) {
  if (!(error instanceof LockHeldError)) throw error;
  console.error(`daemon: ${error.message}`);
  Deno.exitCode = EX_TEMPFAIL;
}

async function respond(
  request: Request,
  { state: journal, draining }: HandlerContext<Journal>,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /":
      return Response.json({ pid: Deno.pid, dataDir: journal.dataDir, entries: journal.count() });
    case "GET /entries":
      return Response.json(journal.after(Number(searchParams.get("after"))));
    case "GET /events":
      return new Response(events(journal, draining), { headers: { "content-type": "text/event-stream" } });
    case "POST /entries": {
      const length = request.headers.get("content-length");
      if (length === null) return new Response("Content-Length is missing\n", { status: 411 });
      if (Number(length) > LARGEST_ENTRY) return new Response("The entry is too large\n", { status: 413 });
      return Response.json({ id: journal.append(await request.text()) }, { status: 201 });
    }
  }
  return new Response("Not found\n", { status: 404 });
}

/** The entries to come; it ends when the daemon drains, and an EventSource connects again: to the successor. */
function events(journal: Journal, draining: AbortSignal): ReadableStream<Uint8Array> {
  let end = () => {};
  return new ReadableStream<string>({
    start(stream) {
      stream.enqueue(": connected\n\n");
      const forget = journal.listen(({ id, text }) => {
        stream.enqueue(`id: ${id}\ndata: ${JSON.stringify(text)}\n\n`);
      });
      const close = () => {
        end();
        stream.close();
      };
      end = () => {
        forget();
        draining.removeEventListener("abort", close);
      };
      draining.addEventListener("abort", close);
    },
    cancel: () => end(),
  }).pipeThrough(new TextEncoderStream());
}

function log(event: DaemonEvent): void {
  const { type, ...fields } = event;
  const url = event.type === "serving" ? { url: `http://${event.listeners.http}` } : {};
  console.log(JSON.stringify({ event: type, pid: Deno.pid, ...fields, ...url }));
}
