import { DatabaseSync } from "node:sqlite";
import type { RequestRecord } from "./client.ts";

/** An entry of the daemon's journal. */
export interface Entry {
  readonly id: number;
  readonly text: string;
}

/** All entries of a journal that nobody writes to any more. */
export function readEntries(path: string): Entry[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare("SELECT id, text FROM entries ORDER BY id").all() as unknown as Entry[];
}

/**
 * What is wrong with the journal, judged by what the clients were told: an acknowledged entry that is missing, stands
 * under another id or twice, or out of the order in which its client sent; and an entry that nobody sent.
 */
export function checkEntries(entries: readonly Entry[], requests: readonly RequestRecord[]): string[] {
  const wrong: string[] = [];
  const byId = new Map(entries.map((entry) => [entry.id, entry.text]));
  const sent = new Set(requests.map(({ text }) => text));
  const seen = new Set<string>();
  for (const { id, text } of entries) {
    if (!sent.has(text)) wrong.push(`entry ${id} was sent by nobody: ${text}`);
    if (seen.has(text)) wrong.push(`${text} is in the journal twice`);
    seen.add(text);
  }
  const last = new Map<string, number>();
  for (const { client, id, text } of requests) {
    if (id === undefined) continue;
    if (byId.get(id) !== text) wrong.push(`${text}, acknowledged as ${id}, is lost: there is ${byId.get(id)}`);
    if (id <= (last.get(client) ?? 0)) wrong.push(`${text} has the id ${id}, which is not behind ${last.get(client)}`);
    last.set(client, id);
  }
  return wrong;
}
