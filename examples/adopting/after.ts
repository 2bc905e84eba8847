import { DatabaseSync } from "node:sqlite";
// deno-lint-ignore no-import-prefix no-unversioned-import -- as it stands in a program outside this repository
import { runDaemon } from "jsr:@scope/handoff/daemon";

const [dataDir, port] = Deno.args;
let notes: DatabaseSync;

async function handler(request: Request): Promise<Response> {
  if (request.method !== "POST") return Response.json(notes.prepare("SELECT text FROM notes").all());
  notes.prepare("INSERT INTO notes VALUES (?)").run(await request.text());
  return new Response("kept\n", { status: 201 });
}

await runDaemon({
  dataDir,
  listen: { http: `127.0.0.1:${port}` },
  open: () => {
    notes = new DatabaseSync(`${dataDir}/notes.db`);
    notes.exec("CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)");
    return notes;
  },
  fetch: handler,
});
