import { DatabaseSync } from "node:sqlite";

/** A table of entries in SQLite: the state of daemons under test. */
export class Entries implements Disposable {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
    `);
  }

  /** The id of the new entry. */
  append(text: string): number {
    return Number(this.#database.prepare("INSERT INTO entries (text) VALUES (?)").run(text).lastInsertRowid);
  }

  /** The id of the last entry, or 0. */
  get last(): number {
    return Number(this.#database.prepare("SELECT coalesce(max(id), 0) AS last FROM entries").get()!.last);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
