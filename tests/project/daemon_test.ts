import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

const LEAST_PERMISSIONS = ["--allow-ffi", "--allow-env", "--allow-net=127.0.0.1"];

/** `examples/daemon.ts` on a directory, with the permissions that its documentation names. */
function daemonOn(dir: TempDir, ...flags: string[]): Child {
  return new Child("../../examples/daemon.ts", {
    args: [dir.path, "--port=0", ...flags],
    permissions: [...LEAST_PERMISSIONS, `--allow-read=${dir.path}`, `--allow-write=${dir.path}`],
  });
}

async function post(url: string, body: string): Promise<number> {
  const response = await fetch(`${url}/entries`, { method: "POST", body });
  await response.body?.cancel();
  return response.status;
}

async function entries(url: string): Promise<string[]> {
  const list: { text: string }[] = await (await fetch(`${url}/entries`)).json();
  return list.map(({ text }) => text);
}

claim("the example daemon reports its pid and how many entries there are", async () => {
  using dir = new TempDir();
  await using daemon = daemonOn(dir);
  const { url } = await daemon.next();
  await post(url, "one");
  assertEquals(await (await fetch(url)).json(), { pid: daemon.pid, dataDir: dir.path, entries: 1 });
});

claim("the example daemon exits with 75 and one line that names the holder when the directory is held", async () => {
  using dir = new TempDir();
  await using first = daemonOn(dir);
  await first.next();
  await using second = daemonOn(dir);
  await assertRejects(() => second.next(), Error, "ended without a report");
  assertEquals((await second.status).code, 75);
  const lines = (await second.stderr).split("\n");
  assertStringIncludes(lines[0], `process ${first.pid} is alive`);
  assertEquals(lines.slice(1), [""]);
});

claim("the example daemon with --wait names the holder, and takes over", async () => {
  using dir = new TempDir();
  await using first = daemonOn(dir);
  await first.next();
  await using second = daemonOn(dir, "--wait=600000");
  assertEquals(await second.next(), { event: "waiting", pid: second.pid, holder: first.pid });
  first.kill("SIGTERM");
  assertEquals((await second.next()).event, "serving");
});

claim("the example daemon stops, and fails, when its lockfile is deleted", async () => {
  using dir = new TempDir();
  await using daemon = daemonOn(dir);
  await daemon.next();
  Deno.removeSync(dir.join(".handoff.lock"));
  assertEquals((await daemon.next()).event, "stopping");
  assertEquals((await daemon.status).code, 1);
  assertStringIncludes(await daemon.stderr, "LockLostError");
});

claim("what the example daemon has answered survives SIGKILL", async () => {
  using dir = new TempDir();
  await using first = daemonOn(dir);
  assertEquals(await post((await first.next()).url, "kept"), 201);
  await first.killed("SIGKILL");
  await using second = daemonOn(dir);
  assertEquals(await entries((await second.next()).url), ["kept"]);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  claim(
    `the example daemon ends with 0 on ${signal} and leaves the lockfile, the sockets and its journal`,
    async () => {
      using dir = new TempDir();
      await using daemon = daemonOn(dir);
      await daemon.next();
      assertEquals((await daemon.killed(signal)).code, 0);
      assertEquals(dir.entries(), [".handoff.lock", ".handoff.sock", ".handoff.sock.fds", "journal.db"]);
    },
  );
}

claim("the example daemon finishes a request in flight before it gives the directory back", async () => {
  using dir = new TempDir();
  await using daemon = daemonOn(dir);
  const { url } = await daemon.next();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  const say = (text: string) => connection.write(new TextEncoder().encode(text));
  const answer = readable(connection);
  // The daemon asks for the body once it has begun to read the request.
  await say("POST /entries HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  assertStringIncludes(await answer(), "100 Continue");
  daemon.kill("SIGTERM");
  assertEquals((await daemon.next()).event, "stopping");
  await say("late");
  assertStringIncludes(await answer(), "HTTP/1.1 201");
  assertEquals((await daemon.status).code, 0);
});

claim("the example daemon refuses an entry of more than 64 KiB", async () => {
  using dir = new TempDir();
  await using daemon = daemonOn(dir);
  const { url } = await daemon.next();
  assertEquals(await post(url, "x".repeat(64 * 1024 + 1)), 413);
});

function readable(connection: Deno.Conn): () => Promise<string> {
  const buffer = new Uint8Array(4096);
  return async () => new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
}
