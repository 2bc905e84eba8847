import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { handoff, handoffLine } from "../../support/command.ts";
import { eventually } from "../../support/patience.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { DAEMON, daemon, freePort } from "./daemons.ts";

const ACTIVATED = { needs: ["linux", "systemd-socket-activate"] } as const;

claim(
  "a daemon alone serves on the socket that systemd passes, and answers the connection that started it",
  async () => {
    using dir = new TempDir();
    const port = freePort();
    await using activated = new Child(DAEMON, { args: [dir.path], prefix: activation(port) });
    const { left, pid } = await eventually(() => ask(port));
    assertEquals([left, pid], [[], activated.pid]);
  },
  ACTIVATED,
);

claim(
  "what systemd passed to another process, as LISTEN_PID says, is not taken: the daemon binds its own",
  async () => {
    using dir = new TempDir();
    const port = freePort();
    // The shell is who systemd means; what it starts has another pid.
    const prefix = [...activation(port), "sh", "-c", '"$@"; exit', "sh"];
    await using activated = new Child(DAEMON, { args: [dir.path], prefix });
    // This starts it, and nobody accepts it.
    using _trigger = await eventually(() => Deno.connect({ hostname: "127.0.0.1", port }));
    const { listeners } = await activated.next();
    const { pid, left } = await (await fetch(`http://${listeners.http}/`)).json();
    // It is not the shell's to end it.
    Deno.kill(pid, "SIGTERM");
    assertNotEquals(listeners.http, `127.0.0.1:${port}`);
    assertEquals(left, []);
  },
  ACTIVATED,
);

claim(
  "a supervisor passes on the socket that systemd passed it, and its daemons take each other's place on it",
  async () => {
    using dir = new TempDir();
    const port = freePort();
    const start = { prefix: activation(port), listen: [] };
    await using supervisor = new SupervisorProcess(dir, daemon(dir), [], start);
    const first = await eventually(() => ask(port));
    await supervisor.logged("daemon-serves");
    assertEquals(first.left, []);
    assertEquals((await handoff(["upgrade", dir.path, "--", ...daemon(dir, "second")])).code, 0);
    assertEquals((await ask(port)).build, "second");
    const { listeners } = await supervisor.logged("supervising");
    assertEquals(listeners, [{ name: "http", address: `127.0.0.1:${port}` }]);
  },
  ACTIVATED,
);

claim("a listener of the configuration that systemd passes is not bound again; others are", async () => {
  using dir = new TempDir();
  const port = freePort();
  const start = { prefix: activation(port), listen: [`http=127.0.0.1:${port}`, "admin=127.0.0.1:0"] };
  await using supervisor = new SupervisorProcess(dir, daemon(dir), [], start);
  await eventually(() => ask(port));
  const { listeners } = await supervisor.logged("supervising");
  assertEquals(listeners.map(({ name }: { name: string }) => name), ["http", "admin"]);
}, ACTIVATED);

claim("a socket that systemd passes, and that is configured elsewhere: 2, and nothing was started", async () => {
  using dir = new TempDir();
  const port = freePort();
  const line = handoffLine(["supervise", "--dir", dir.path, "--listen", "http=127.0.0.1:1", "--", ...daemon(dir)]);
  const [command, ...args] = [...activation(port), ...line];
  const process = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  using _trigger = await eventually(() => Deno.connect({ hostname: "127.0.0.1", port }));
  const { code, stderr } = await process.output();
  assertEquals(code, 2);
  assertMatch(
    new TextDecoder().decode(stderr),
    new RegExp(`passed as "http" is bound to 127.0.0.1:${port}, and it is`),
  );
  assertEquals(dir.entries(), []);
}, ACTIVATED);

/** Listens, and starts what stands behind it with the listener "http" at the first connection. */
function activation(port: number): string[] {
  return ["systemd-socket-activate", `--listen=127.0.0.1:${port}`, "--fdname=http"];
}

async function ask(port: number): Promise<{ pid: number; build: string; left: string[] }> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return await response.json();
}
