import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { openOs } from "../../../handoff/linux.ts";
import type { SupervisorStatus, TriggerEvent } from "../../../handoff/protocol/trigger.ts";
import { ask } from "../../../handoff/supervisor/trigger_client.ts";
import { SupervisorLock, SupervisorRunningError } from "../../../handoff/supervisor/supervisor_lock.ts";
import { commandLine } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { Clients } from "../../support/clients.ts";
import { handoff } from "../../support/command.ts";
import { eventually } from "../../support/patience.ts";
import { peer, Supervised } from "../../support/supervised.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { freePort } from "../production/daemons.ts";
import { NotifySocket } from "../production/notify_socket.ts";

const DAEMON = fromFileUrl(new URL("programs/lines_daemon.ts", import.meta.url));
const EXAMPLE = fromFileUrl(new URL("../../../examples/daemon.ts", import.meta.url));
const LINUX = { needs: ["linux"] } as const;

function daemon(dir: TempDir): string[] {
  return commandLine(DAEMON, { args: [dir.path] });
}

claim(
  "the new supervisor has the same daemon, the old one has exited with 0, and the next upgrade commits",
  async () => {
    using dir = new TempDir();
    await using supervisor = await SupervisorProcess.serving(dir, daemon(dir));
    await using _stopped = stopping(dir);
    const before = await supervisor.ask();
    const { code, stdout, stderr } = await handoff(["upgrade", "--supervisor", dir.path]);
    assertEquals([code, stdout, stderr], [0, "the new supervisor has taken over\n", ""]);
    assertEquals((await supervisor.status).code, 0);
    const { supervisorPid, daemon: kept } = await status(dir);
    assertNotEquals(supervisorPid, supervisor.pid);
    assertEquals([kept?.pid, kept?.adopted], [before.pid, true]);
    assertEquals((await handoff(["upgrade", dir.path])).code, 0);
    assertNotEquals((await status(dir)).daemon!.pid, before.pid);
  },
  LINUX,
);

claim(
  "requests and the supervisor's lock go through replacements of the supervisor: 0 failed, never free",
  async () => {
    using dir = new TempDir();
    await using supervisor = await SupervisorProcess.serving(dir, commandLine(EXAMPLE, { args: [dir.path] }));
    await using _stopped = stopping(dir);
    const { listeners } = await supervisor.logged("supervising");
    const [hostname, port] = listeners[0].address.split(":");
    await using clients = new Clients({ hostname, port: Number(port) });
    await using lock = new Contender(dir);
    for (let replacement = 0; replacement < 2; replacement++) {
      const { pid } = (await status(dir)).daemon!;
      assertEquals((await handoff(["upgrade", "--supervisor", dir.path])).code, 0);
      assertEquals((await status(dir)).daemon!.pid, pid);
      await clients.more();
    }
    assertEquals((await handoff(["upgrade", dir.path])).code, 0);
    await clients.more();
    clients.assertNoneFailed();
    assertEquals(await lock.won(), false);
  },
  LINUX,
);

claim("history, generation and the command go over to the new supervisor", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, peer(dir, "--build=first"));
  await using _stopped = stopping(dir);
  assertEquals((await handoff(["upgrade", dir.path, "--", ...peer(dir, "--build=second")])).code, 0);
  const before = await status(dir);
  assertEquals((await handoff(["upgrade", "--supervisor", dir.path])).code, 0);
  // Also where the daemon's standard error is read from a file, since it has not put it back.
  assertEquals((await supervisor.status).code, 0);
  const after = await status(dir);
  assertEquals([after.lastUpgrade, after.generation, after.command], [before.lastUpgrade, 1, before.command]);
}, LINUX);

claim("a new supervisor that refuses its configuration leaves the old one: exit 1 and the reason", async () => {
  using dir = new TempDir();
  const config = dir.join("handoff.toml");
  Deno.writeTextFileSync(config, "max_restarts = 3\n");
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir), ["--config", config]);
  Deno.writeTextFileSync(config, "max_restart = 3\n");
  const { code, stderr } = await handoff(["upgrade", "--supervisor", dir.path]);
  assertEquals(code, 1);
  assertMatch(stderr, /the old supervisor stays, the new one cannot take over: .*unknown key "max_restart"/);
  assertEquals((await status(dir)).supervisorPid, supervisor.pid);
  Deno.writeTextFileSync(config, "max_restarts = 3\n");
  assertEquals((await handoff(["upgrade", dir.path])).code, 0);
}, LINUX);

claim(
  "systemd is told the new main process, which is ready, and serves the metrics when the old one has gone",
  async () => {
    using dir = new TempDir();
    using socket = new NotifySocket(dir.join("notify"));
    const metrics = `127.0.0.1:${freePort()}`;
    await using supervisor = await SupervisorProcess.serving(dir, daemon(dir), ["--metrics", metrics], {
      env: { NOTIFY_SOCKET: socket.path },
    });
    await using _stopped = stopping(dir);
    assertEquals((await handoff(["upgrade", "--supervisor", dir.path])).code, 0);
    const { MAINPID } = await socket.next((notification) => "MAINPID" in notification);
    assertEquals(Number(MAINPID), (await status(dir)).supervisorPid);
    assertNotEquals(Number(MAINPID), supervisor.pid);
    await socket.next(({ READY }) => READY === "1");
    assertEquals((await (await fetch(`http://${metrics}/status`)).json()).supervisorPid, Number(MAINPID));
  },
  { needs: ["linux", "python3"] },
);

claim("the daemon that dies after that is started again by the new supervisor", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir));
  await using _stopped = stopping(dir);
  const { pid } = await supervisor.ask();
  assertEquals((await handoff(["upgrade", "--supervisor", dir.path])).code, 0);
  Deno.kill(pid, "SIGKILL");
  await eventually(async () => assertNotEquals((await supervisor.ask()).pid, pid));
}, LINUX);

claim("a supervisor inside another program is not replaced: exit 2, with the reason", async () => {
  using dir = new TempDir();
  await using _supervised = await Supervised.serving(dir, peer(dir));
  const { code, stderr } = await handoff(["upgrade", "--supervisor", dir.path]);
  assertEquals(code, 2);
  assertMatch(stderr, /only "handoff supervise" can be replaced while it runs/);
}, LINUX);

claim("as the first process of a container a supervisor is not replaced: exit 2, with the reason", async () => {
  using dir = new TempDir();
  const prefix = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir), [], { prefix });
  const { code, stderr } = await handoff(["upgrade", "--supervisor", dir.path]);
  assertEquals(code, 2);
  assertMatch(stderr, /the first process of its container \(PID 1\)/);
  assertEquals((await handoff(["stop", dir.path])).code, 0);
  await supervisor.status;
}, { needs: ["linux", "root", "pid namespace"] });

/** Tries to become the supervisor, again and again. */
class Contender implements AsyncDisposable {
  readonly #path: string;
  #over = false;
  readonly #running: Promise<boolean>;

  constructor(dir: TempDir) {
    this.#path = dir.join(".handoff.supervisor.lock");
    this.#running = this.#try();
  }

  /** Ends it: whether it ever had the lock. */
  async won(): Promise<boolean> {
    this.#over = true;
    return await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.won().catch(() => {});
  }

  async #try(): Promise<boolean> {
    while (!this.#over) {
      try {
        SupervisorLock.take(this.#path, { create: false })?.[Symbol.dispose]();
        return true;
      } catch (error) {
        if (!(error instanceof SupervisorRunningError)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return false;
  }
}

/** Stops the supervisor of the moment, which is no child of this process. */
function stopping(dir: TempDir): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      const { supervisorPid } = await status(dir);
      await request(dir, "stop");
      await eventually(() => assertThrows(() => Deno.statSync(`/proc/${supervisorPid}/exe`)));
    },
  };
}

async function status(dir: TempDir): Promise<SupervisorStatus> {
  const event = await request(dir, "status");
  if (event?.event !== "status") throw new Error(`It answers ${JSON.stringify(event)}`);
  return event.status;
}

/** The last event that the supervisor answers with. */
async function request(dir: TempDir, verb: "status" | "stop"): Promise<TriggerEvent | undefined> {
  using os = openOs();
  let last: TriggerEvent | undefined;
  for await (const event of ask(os, dir.join(".handoff.supervisor.sock"), { verb })) last = event;
  return last;
}
