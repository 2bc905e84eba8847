/**
 * The daemon under load: `loaded_daemon.ts DIR`. A journal in SQLite, an event stream of its entries, and WebSockets.
 *
 * @module
 */
// @ts-types="@types/ws"
import { WebSocketServer } from "ws";
import { runDaemon } from "../../daemon.ts";
import { Entries } from "../../tests/programs/entries.ts";

const EVENT_STREAM = { "content-type": "text/event-stream" };

const dataDir = Deno.args[0]!;
const sockets = new WebSocketServer({ noServer: true });

class Journal implements Disposable {
  readonly #entries: Entries;
  readonly #listeners = new Set<(event: Uint8Array) => void>();

  constructor(path: string) {
    this.#entries = new Entries(path);
  }

  append(text: string): { id: number } {
    const id = this.#entries.append(text);
    const event = new TextEncoder().encode(`data: ${id}\n\n`);
    for (const listener of this.#listeners) listener(event);
    return { id };
  }

  events(end: AbortSignal): ReadableStream<Uint8Array> {
    let listener: (event: Uint8Array) => void;
    return new ReadableStream({
      start: (controller) => {
        listener = (event) => controller.enqueue(event);
        this.#listeners.add(listener);
        const finish = () => {
          this.#listeners.delete(listener);
          controller.close();
        };
        if (end.aborted) finish();
        else end.addEventListener("abort", finish, { once: true });
      },
      cancel: () => {
        this.#listeners.delete(listener);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#entries[Symbol.dispose]();
  }
}

await runDaemon({
  dataDir,
  listen: { http: "127.0.0.1:0", ws: "127.0.0.1:0" },
  open: () => new Journal(`${dataDir}/journal.db`),
  listeners: {
    http: {
      fetch: async (request, { state: journal, draining }) => {
        const { pathname } = new URL(request.url);
        if (request.method === "POST") return Response.json(journal.append(await request.text()), { status: 201 });
        if (pathname === "/events") return new Response(journal.events(draining), { headers: EVENT_STREAM });
        return Response.json({ pid: Deno.pid });
      },
    },
    ws: {
      fetch: () => new Response("WebSockets only\n", { status: 426 }),
      upgrade: (request, socket, head, { draining }) => {
        sockets.handleUpgrade(request, socket, head, (webSocket) => {
          const restart = () => webSocket.close(1012);
          if (draining.aborted) restart();
          draining.addEventListener("abort", restart);
          webSocket.on("close", () => draining.removeEventListener("abort", restart));
        });
      },
    },
  },
});
