import { DatabaseSync } from "node:sqlite";

const [dataDir, port] = Deno.args;
const notes = new DatabaseSync(`${dataDir}/notes.db`);
notes.exec("CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)");

async function handler(request: Request): Promise<Response> {
  if (request.method !== "POST") return Response.json(notes.prepare("SELECT text FROM notes").all());
  notes.prepare("INSERT INTO notes VALUES (?)").run(await request.text());
  return new Response("kept\n", { status: 201 });
}

Deno.serve({ hostname: "127.0.0.1", port: Number(port) }, handler);
