import type { Os } from "../os.ts";
import { Daemon } from "./daemon.ts";
import type { Identity } from "./identity.ts";
import { processEnvironment } from "./role.ts";
import type { StopRequest } from "./stop_request.ts";

/** With what a successor rehearses. */
export interface RehearsalParts {
  readonly os: Os;
  readonly identity: Identity;
  readonly stop: StopRequest;
}

/**
 * Lets a daemon live for a moment in a temporary directory: it takes a lock, serves one request and gives all of it back.
 * What the runtime loads and compiles for that the successor has behind it then, while the incumbent serves still; without
 * it the clients would wait for it between two writes. Where there is no permission, or anything fails, it is left out, and the
 * result is false.
 */
export async function rehearse(parts: RehearsalParts, folder: string = temporaryFolder()): Promise<boolean> {
  try {
    if (!mayUse(folder)) return false;
    const dataDir = Deno.makeTempDirSync({ dir: folder, prefix: "handoff-" });
    try {
      await rehearseIn(dataDir, parts);
    } finally {
      Deno.removeSync(dataDir, { recursive: true });
    }
    return true;
  } catch {
    // Then the first request takes longer.
    return false;
  }
}

async function rehearseIn(dataDir: string, { os, identity, stop }: RehearsalParts): Promise<void> {
  const path = `${dataDir}/http`;
  await using daemon = new Daemon({
    os,
    identity,
    stop,
    options: {
      dataDir,
      listen: { http: `unix:${path}` },
      open: () => new DisposableStack(),
      fetch: async (request: Request) => new Response(await request.text()),
    },
    dataDir,
    controlSocket: `${dataDir}/.handoff.sock`,
    inherited: new Map(),
  });
  await daemon.acquire({ timeout: 0 });
  try {
    await daemon.open("cold-start");
    daemon.serving.bind();
    daemon.bindSockets();
    await daemon.accept("cold-start");
    await ask(os, path);
  } finally {
    await daemon.giveUp();
  }
}

async function ask(os: Os, path: string): Promise<void> {
  const connection = os.connectUnix(path);
  try {
    os.send(connection, new TextEncoder().encode(REQUEST));
    await os.readable(connection, { timeout: PATIENCE_MS });
    if (os.receive(connection, new Uint8Array(1)) !== 1) throw new Error("The rehearsal was not answered");
  } finally {
    os.close(connection);
  }
}

const REQUEST = "POST / HTTP/1.1\r\nHost: rehearsal\r\nContent-Length: 1\r\n\r\n.";

/** For an answer in the same process. */
const PATIENCE_MS = 1_000;

function temporaryFolder(): string {
  return processEnvironment().get("TMPDIR") || "/tmp";
}

function mayUse(path: string): boolean {
  return (["read", "write"] as const).every((name) => {
    return Deno.permissions.querySync({ name, path }).state === "granted";
  });
}
