/**
 * A daemon whose steps a test can hold or break: `journal_daemon.ts DIR STAGE [--control-socket=PATH] [FAULT]`. It
 * keeps a journal in SQLite. At each point that it reaches it appends a JSON line to STAGE/points; it waits there for as
 * long as the file STAGE/hold-POINT exists, and throws where STAGE/fail-POINT does. A FAULT makes it a broken version.
 *
 * @module
 */
import { appendFileSync, existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { runDaemon } from "../../../../daemon.ts";
import { Entries } from "../../../programs/entries.ts";

/** How this version is broken. */
export type Fault = "exits" | "never-hello" | "throws" | "hangs" | "blocks" | "unhealthy" | "older";

const { positionals: [dataDir, stage, fault], values } = parseArgs({
  allowPositionals: true,
  options: { "control-socket": { type: "string" } },
});
const role = Deno.env.get("HANDOFF_ROLE") ?? "cold-start";

/** Longer than the silence that a supervisor bears. */
const BLOCKED_MS = 11_000;

class Journal implements AsyncDisposable {
  readonly #entries: Entries;

  constructor(path: string) {
    this.#entries = new Entries(path);
  }

  append(text: string): { id: number } {
    return { id: this.#entries.append(text) };
  }

  get revision(): bigint {
    return BigInt(this.#entries.last);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _entries = this.#entries;
    await come("seal");
  }
}

async function come(point: string): Promise<void> {
  appendFileSync(`${stage}/points`, `${JSON.stringify({ point, pid: Deno.pid })}\n`);
  while (existsSync(`${stage}/hold-${point}`)) await new Promise((resolve) => setTimeout(resolve, 5));
  if (existsSync(`${stage}/fail-${point}`)) throw new Error(`the ${point} was told to fail`);
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

await come(`start-${role}`);
if (fault === "exits") Deno.exit(0);
if (fault === "never-hello") await new Promise((resolve) => setTimeout(resolve, 3_600_000));

await runDaemon({
  dataDir,
  buildId: fault ?? "good",
  controlSocket: values["control-socket"],
  open: async ({ role }) => {
    await come(`open-${role}`);
    if (fault === "throws") throw new Error("this version cannot read the journal");
    if (fault === "hangs") await new Promise(() => {});
    if (fault === "blocks") block(BLOCKED_MS);
    return new Journal(`${dataDir}/journal.db`);
  },
  drain: () => come("drain"),
  healthy: async () => {
    await come("healthy");
    return fault !== "unhealthy";
  },
  revision: (journal) => journal.revision - (fault === "older" ? 1n : 0n),
  fetch: async (request, { state: journal }) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/stuck") await come("stuck");
    if (request.method === "POST") return Response.json(journal.append(await request.text()), { status: 201 });
    return Response.json({ pid: Deno.pid });
  },
});
