import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { daemon } from "./daemons.ts";
import { type Notification, NotifySocket } from "./notify_socket.ts";

const LINUX = { needs: ["linux", "python3"] } as const;

const isReady = ({ READY }: Notification) => READY === "1";
const isReloading = ({ RELOADING }: Notification) => RELOADING === "1";
const isPing = ({ WATCHDOG }: Notification) => WATCHDOG === "1";

/** Short, so that a test sees several; half of it is the pause between two signs of life. */
const WATCHDOG_MS = 400;

for (const name of ["in the file system", "abstract"]) {
  claim(`READY=1 comes when the daemon serves, and not before: the socket's name is ${name}`, async () => {
    using dir = new TempDir();
    using socket = new NotifySocket(pathOf(dir, name));
    const gate = dir.join("gate");
    const env = { NOTIFY_SOCKET: socket.path };
    await using supervisor = new SupervisorProcess(dir, daemon(dir, "first", gate), [], { env });
    const { pid } = await supervisor.logged("daemon-started");
    assertEquals(await socket.next(), { STATUS: `process ${pid} starts` });
    assertEquals(await socket.hears(500), false);
    Deno.writeTextFileSync(gate, "");
    assertEquals(await socket.next(), { READY: "1", STATUS: `process ${pid} serves, build first` });
    assertEquals((await supervisor.ask()).pid, pid);
  }, LINUX);
}

claim("an upgrade is RELOADING=1 with its time, and then READY=1; the main process stays", async () => {
  using dir = new TempDir();
  using socket = new NotifySocket(dir.join("notify"));
  await using supervisor = await serving(dir, { NOTIFY_SOCKET: socket.path });
  await socket.next(isReady);
  const before = uptime();
  const { code } = await handoff(["upgrade", dir.path, "--", ...daemon(dir, "second")]);
  const after = uptime();
  assertEquals(code, 0);
  const { MONOTONIC_USEC } = await socket.next(isReloading);
  assertEquals(Number(MONOTONIC_USEC) >= before && Number(MONOTONIC_USEC) <= after, true, MONOTONIC_USEC);
  const { pid } = await supervisor.ask();
  assertEquals(await socket.next(isReady), { READY: "1", STATUS: `process ${pid} serves, build second` });
  assertEquals(socket.received.filter((notification) => "MAINPID" in notification), []);
  assertEquals(await supervisor.ask().then(({ pid }) => parentOf(pid)), supervisor.pid);
}, LINUX);

claim("an upgrade that is rolled back ends with READY=1 and the reason, and its command fails", async () => {
  using dir = new TempDir();
  using socket = new NotifySocket(dir.join("notify"));
  await using _supervisor = await serving(dir, { NOTIFY_SOCKET: socket.path });
  await socket.next(isReady);
  const { code } = await handoff(["upgrade", dir.path, "--", "/bin/false"]);
  assertEquals(code, 1);
  await socket.next(isReloading);
  const { STATUS } = await socket.next(isReady);
  assertMatch(STATUS, /^process \d+ serves, build first; the last upgrade: the successor exited/);
}, LINUX);

claim("an upgrade that is refused never leaves the service reloading", async () => {
  using dir = new TempDir();
  using socket = new NotifySocket(dir.join("notify"));
  await using _supervisor = await serving(dir, { NOTIFY_SOCKET: socket.path });
  await socket.next(isReady);
  const { code } = await handoff(["upgrade", dir.path, "--", "./relative"]);
  assertEquals(code, 2);
  const { STATUS } = await socket.next(isReady);
  assertMatch(STATUS, /"\.\/relative" is relative/);
}, LINUX);

claim("SIGTERM is STOPPING=1", async () => {
  using dir = new TempDir();
  using socket = new NotifySocket(dir.join("notify"));
  await using supervisor = await serving(dir, { NOTIFY_SOCKET: socket.path });
  supervisor.kill("SIGTERM");
  assertEquals((await socket.next(({ STOPPING }) => STOPPING === "1")).STATUS, "the daemon is told to stop");
}, LINUX);

claim(
  "WATCHDOG=1 comes while the daemon answers; it ends when that hangs, and comes again when it goes on",
  async () => {
    using dir = new TempDir();
    using socket = new NotifySocket(dir.join("notify"));
    await using supervisor = await serving(dir, watchdog(socket));
    for (let i = 0; i < 3; i++) await socket.next(isPing);
    const { pid } = await supervisor.ask();
    Deno.kill(pid, "SIGSTOP");
    try {
      assertEquals(await fallsSilent(socket), true);
    } finally {
      Deno.kill(pid, "SIGCONT");
    }
    await socket.next(isPing);
  },
  LINUX,
);

claim("WATCHDOG=1 goes on through an upgrade, and depends on the successor then", async () => {
  using dir = new TempDir();
  using socket = new NotifySocket(dir.join("notify"));
  await using supervisor = await serving(dir, watchdog(socket));
  assertEquals((await handoff(["upgrade", dir.path])).code, 0);
  socket.drop();
  await socket.next(isPing);
  const { pid } = await supervisor.ask();
  Deno.kill(pid, "SIGSTOP");
  assertEquals(await fallsSilent(socket), true);
  Deno.kill(pid, "SIGCONT");
}, LINUX);

claim(
  "SIGABRT, as the watchdog sends it, kills a daemon that hangs, and ends the supervisor with a failure",
  async () => {
    using dir = new TempDir();
    await using supervisor = await serving(dir, {});
    const { pid } = await supervisor.ask();
    Deno.kill(pid, "SIGSTOP");
    supervisor.kill("SIGABRT");
    assertEquals((await supervisor.status).code, 128 + 9);
  },
  LINUX,
);

claim(
  "without a watchdog of the service manager, or with that of another process, there is no WATCHDOG=1",
  async () => {
    using dir = new TempDir();
    using socket = new NotifySocket(dir.join("notify"));
    const env = { ...watchdog(socket), WATCHDOG_PID: "1" };
    await using _supervisor = await serving(dir, env);
    await socket.next(isReady);
    assertEquals(await socket.hears(5 * WATCHDOG_MS), false);
  },
  LINUX,
);

claim("a daemon and its successor inherit nothing of what the service manager said", async () => {
  using dir = new TempDir();
  using socket = new NotifySocket(dir.join("notify"));
  await using supervisor = await serving(dir, watchdog(socket));
  for (const build of ["first", "second"]) {
    const answer = await supervisor.ask();
    const variables = Deno.readTextFileSync(`/proc/${answer.pid}/environ`).split("\0").map((line) =>
      line.split("=")[0]
    );
    assertEquals(variables.filter((name) => /^(NOTIFY_|WATCHDOG_)/.test(name)), []);
    assertEquals(answer.build, build);
    if (build === "first") await handoff(["upgrade", dir.path, "--", ...daemon(dir, "second")]);
  }
}, LINUX);

claim("a notify socket where nobody listens is told once, and harms nothing", async () => {
  using dir = new TempDir();
  await using supervisor = await serving(dir, { NOTIFY_SOCKET: dir.join("none") });
  assertMatch((await supervisor.logged("notify-failed")).error, /none/);
  assertEquals((await handoff(["upgrade", dir.path])).code, 0);
  assertEquals(supervisor.stderr.match(/notify-failed/g)?.length, 1);
}, LINUX);

function pathOf(dir: TempDir, name: string): string {
  return name === "abstract" ? `@${dir.path}` : dir.join("notify");
}

async function serving(dir: TempDir, env: Readonly<Record<string, string>>): Promise<SupervisorProcess> {
  return await SupervisorProcess.serving(dir, daemon(dir), [], { env });
}

function watchdog(socket: NotifySocket): Record<string, string> {
  return { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: `${WATCHDOG_MS * 1_000}` };
}

/** Whether no sign of life comes for ten pauses, but for those that were on their way. */
async function fallsSilent(socket: NotifySocket): Promise<boolean> {
  for (let i = 0; i < 3; i++) {
    if (!await socket.hears(5 * WATCHDOG_MS)) return true;
    socket.drop();
  }
  return false;
}

/** The parent's pid. */
function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
}

/** `CLOCK_MONOTONIC` as another program reads it, in microseconds. */
function uptime(): number {
  const code = "import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)";
  const { stdout } = new Deno.Command("python3", { args: ["-c", code] }).outputSync();
  return Number(new TextDecoder().decode(stdout));
}
