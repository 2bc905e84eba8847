import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { openOs } from "../../../handoff/linux.ts";
import { addressOf, formatAddress, parseAddress } from "../../../handoff/listener.ts";
import type { Os } from "../../../handoff/os.ts";
import type { DaemonStatus } from "../../../handoff/protocol/trigger.ts";
import { bindOwned } from "../../../handoff/supervisor/adoption.ts";
import { Child as SupervisorChild } from "../../../handoff/supervisor/child.ts";
import { ask as askSupervisor } from "../../../handoff/supervisor/trigger_client.ts";
import { commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { handoff, handoffLine } from "../../support/command.ts";
import { eventually } from "../../support/patience.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { TempDir } from "../../support/temp_dir.ts";

const DAEMON = fromFileUrl(new URL("programs/lines_daemon.ts", import.meta.url));

/** A daemon of this module that answers like `peer`. */
function daemon(dir: TempDir): string[] {
  return commandLine(DAEMON, { args: [dir.path] });
}

claim("a supervisor adopts the daemon of one that was killed: the same process answers, on the same port", async () => {
  using dir = new TempDir();
  const { pid, address } = await orphaned(dir);
  await using supervised = await Supervised.serving(dir, daemon(dir), { listeners: [{ name: "http", addr: address }] });
  assertEquals([(await supervised.ask()).pid, supervised.supervisor.daemon!.adopted], [pid, true]);
}, { needs: ["linux"] });

claim("an adopted daemon is upgraded like any other, and its successor has the same listener", async () => {
  using dir = new TempDir();
  const { pid, address } = await orphaned(dir);
  await using supervised = await Supervised.serving(dir, daemon(dir), { listeners: [{ name: "http", addr: address }] });
  assertEquals((await supervised.upgrade()).outcome, "committed");
  assertNotEquals((await supervised.ask()).pid, pid);
  assertEquals(supervised.supervisor.status().daemon!.adopted, false);
}, { needs: ["linux"] });

claim(
  "handoff stop of a daemon whose supervisor is dead: 2, and it says whom to kill, and that one stops",
  async () => {
    using dir = new TempDir();
    const { pid } = await orphaned(dir);
    const { code, stderr } = await handoff(["stop", dir.path]);
    assertEquals(code, 2);
    assertMatch(
      stderr,
      new RegExp(`No supervisor answers at .*, but process ${pid} serves.*"kill -TERM ${pid}" stops it`),
    );
    Deno.kill(pid, "SIGTERM");
    await eventually(() => assertThrows(() => Deno.statSync(`/proc/${pid}`)));
  },
  { needs: ["linux"] },
);

claim("an adopted daemon that dies is started again", async () => {
  using dir = new TempDir();
  const { pid, address } = await orphaned(dir);
  await using supervised = await Supervised.serving(dir, daemon(dir), { listeners: [{ name: "http", addr: address }] });
  Deno.kill(pid, "SIGKILL");
  await supervised.logged("daemon-died");
  assertNotEquals((await supervised.ask()).pid, pid);
}, { needs: ["linux"] });

claim("an adopted daemon that stops by itself ends its supervisor with the code that it tells", async () => {
  using dir = new TempDir();
  const { pid, address } = await orphaned(dir);
  await using supervised = await Supervised.serving(dir, daemon(dir), { listeners: [{ name: "http", addr: address }] });
  Deno.kill(pid, "SIGTERM");
  assertEquals(await supervised.code, 0);
}, { needs: ["linux"] });

claim("a listener that the daemon has at another address than is configured: 2, and the daemon serves on", async () => {
  using dir = new TempDir();
  const { pid } = await orphaned(dir);
  const line = ["supervise", "--dir", dir.path, "--listen", "http=127.0.0.1:1", "--", ...daemon(dir)];
  const { code, stderr } = await handoff(line);
  assertEquals(code, 2);
  assertMatch(stderr, /the daemon serves "http" at 127\.0\.0\.1:\d+, and it is configured as 127\.0\.0\.1:1/);
  Deno.kill(pid, "SIGTERM");
  await eventually(() => assertThrows(() => Deno.statSync(`/proc/${pid}`)));
}, { needs: ["linux"] });

claim("a directory that a stranger holds: 75, with its pid, and nothing is started", async () => {
  using dir = new TempDir();
  await using holder = new StrangeHolder(dir);
  await holder.held();
  const { code, stderr } = await handoff(["supervise", "--dir", dir.path, "--", ...peer(dir)]);
  assertEquals(code, 75);
  assertMatch(stderr, new RegExp(`Cannot supervise .*: it is held, and the pidfile names process ${holder.pid}`));
}, { needs: ["linux"] });

claim(
  "a daemon without a transfer socket is adopted and upgraded by a supervisor that is passed its listener",
  async () => {
    using dir = new TempDir();
    using os = openOs();
    using resources = new DisposableStack();
    const listener = bindOwned(os, parseAddress("127.0.0.1:0"), resources);
    const address = formatAddress(addressOf(os, listener)!);
    const ask = async () => (await (await fetch(`http://${address}/`)).json()).pid;

    const first = activated(os, dir, listener);
    const pid = await ask();
    await first.kill();
    const second = activated(os, dir, listener);
    const { pid: adoptedPid, adopted } = (await daemonOf(os, dir))!;
    assertEquals([adoptedPid, adopted, await ask()], [pid, true, pid]);
    assertEquals((await handoff(["upgrade", dir.path])).code, 0);
    assertNotEquals(await ask(), pid);
    assertEquals((await handoff(["stop", dir.path])).code, 0);
    await second.ended;
  },
  { needs: ["linux"] },
);

/** A supervisor that is passed its listener as a socket unit of systemd passes it. */
function activated(os: Os, dir: TempDir, listener: number): SupervisorChild {
  const line = handoffLine(["supervise", "--dir", dir.path, "--", ...peer(dir)]);
  return SupervisorChild.spawn(os, {
    argv: ["sh", "-c", 'LISTEN_PID=$$ exec "$@" 2>> "$LOG"', "sh", ...line],
    env: { ...Deno.env.toObject(), LISTEN_FDS: "1", LISTEN_FDNAMES: "http", LOG: dir.join("log") },
    descriptors: new Map([[3, listener]]),
  });
}

/** The daemon that the supervisor has, as soon as that answers. */
async function daemonOf(os: Os, dir: TempDir): Promise<DaemonStatus | undefined> {
  return await eventually(async () => {
    for await (const event of askSupervisor(os, dir.join(".handoff.supervisor.sock"), { verb: "status" })) {
      if (event.event === "status") return event.status.daemon;
    }
    throw new Error("No supervisor answers");
  });
}

/** A daemon whose supervisor was killed. */
async function orphaned(dir: TempDir): Promise<{ pid: number; address: string }> {
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir));
  const { listeners } = await supervisor.logged("supervising");
  const { pid } = await supervisor.ask();
  supervisor.kill("SIGKILL");
  await supervisor.status;
  return { pid, address: listeners[0].address };
}

/** A process that has the lock, and no control socket. */
class StrangeHolder implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #dir: TempDir;

  constructor(dir: TempDir) {
    const [command, ...args] = commandLine("../../cli.ts", { args: ["run", dir.path, "--", "sleep", "600"] });
    this.#process = new Deno.Command(command, { args, stdin: "null", stdout: "null" }).spawn();
    this.#dir = dir;
  }

  get pid(): number {
    return this.#process.pid;
  }

  async held(): Promise<void> {
    await eventually(() => Deno.statSync(this.#dir.join(".handoff.pidfile")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
  }
}
