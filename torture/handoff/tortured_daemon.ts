/**
 * The daemon that is tortured: `tortured_daemon.ts DIR RECORD [FAULT]`. Its state is a journal in SQLite. It records
 * when it becomes the writer, each write, and when it is no longer the writer. A FAULT makes it a broken version.
 *
 * @module
 */
import { runDaemon } from "../../daemon.ts";
import { Entries } from "../../tests/programs/entries.ts";
import { TortureRecord } from "./record.ts";

const [dataDir, recordPath, fault] = Deno.args as [string, string, Fault?];
/** How this version is broken. */
type Fault = "throws" | "exits" | "hangs" | "unhealthy";

const record = new TortureRecord(recordPath);
record.append({ what: "start", pid: Deno.pid });
if (fault === "exits") Deno.exit(0);

let holds = 0;

class State implements Disposable {
  readonly #entries: Entries;
  readonly #hold = ++holds;

  constructor(role: string) {
    record.append({ what: "enter", pid: Deno.pid, hold: this.#hold, role });
    this.#entries = new Entries(`${dataDir}/journal.db`);
  }

  append(text: string): { id: number } {
    const id = this.#entries.append(text);
    record.append({ what: "write", pid: Deno.pid, hold: this.#hold, id });
    return { id };
  }

  [Symbol.dispose](): void {
    this.#entries[Symbol.dispose]();
    record.append({ what: "exit", pid: Deno.pid, hold: this.#hold });
  }
}

await runDaemon<State>({
  dataDir,
  listen: { http: "127.0.0.1:0" },
  open: async ({ role }) => {
    if (fault === "throws") throw new Error("this version cannot read the journal");
    if (fault === "hangs") await new Promise((resolve) => setTimeout(resolve, 600_000));
    return new State(role);
  },
  healthy: () => fault !== "unhealthy",
  fetch: async (request, { state }) => {
    if (request.method !== "POST") return Response.json({ pid: Deno.pid });
    return Response.json(state.append(await request.text()), { status: 201 });
  },
});
