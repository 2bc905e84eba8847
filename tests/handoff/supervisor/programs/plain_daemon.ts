/**
 * A daemon that plays incumbent and successor by the plain protocol, as a Rust one does: without a transfer socket. It
 * locks its directory and answers `GET /` on the listener "http" with its pid and build. It can break each promise:
 *
 *   plain_daemon.ts DIR [--build=ID] [--successor=FAULT] [--incumbent=FAULT] [--cold-start=exit]
 *           [--stops-with=CODE|never]
 */
import { createServer, type Server } from "node:http";
import { parseArgs } from "node:util";
import { ChannelClosedError } from "../../../../handoff/channel_errors.ts";
import { ControlChannel } from "../../../../handoff/control_channel.ts";
import { openOs } from "../../../../handoff/linux.ts";
import { acceptPermitted, bindSocketFile, leadsTo } from "../../../../handoff/socket_file.ts";
import { DataDirLock } from "../../../../mod.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    build: { type: "string", default: "test" },
    successor: { type: "string", default: "" },
    incumbent: { type: "string", default: "" },
    "cold-start": { type: "string", default: "" },
    "stops-with": { type: "string", default: "0" },
  },
});
const [dataDir] = positionals;
const { successor: successorFault, incumbent: incumbentFault, "cold-start": coldFault } = values;
const forever = new Promise<never>(() => setInterval(() => {}, 1_000));

const os = openOs();
const controlSocket = Deno.env.get("HANDOFF_CONTROL_SOCKET")!;
const listener = Number(Deno.env.get("LISTEN_FDS")) > 0 ? 3 : undefined;
let lock: DataDirLock | undefined;
let server: Server | undefined;
let revision = 7n;
let control: number | undefined;

if (Deno.env.get("HANDOFF_ROLE") === "successor") await succeed(Number(Deno.env.get("HANDOFF_SOCK_FD")));
else await startCold();
await beIncumbent();

async function startCold(): Promise<void> {
  if (coldFault === "exit") Deno.exit(5);
  lock = await DataDirLock.acquire(dataDir);
  stopOnSignals();
  await serve();
}

async function succeed(fd: number): Promise<void> {
  if (successorFault === "throws") throw new Error("this build cannot start");
  if (successorFault === "exits") Deno.exit(0);
  if (successorFault === "hangs") await forever;
  if (successorFault === "garbage") return await sendRaw(fd, crypto.getRandomValues(new Uint8Array(64)));
  if (successorFault === "half-frame") return await sendRaw(fd, new Uint8Array([20, 0, 0, 0, 1, 0, 4]));
  if (successorFault === "huge-frame") return await sendRaw(fd, new Uint8Array([1, 0, 16, 0, 1, 0]));
  using channel = new ControlChannel(os, fd);
  await channel.send(hello("successor"));
  await channel.receive();
  const begin = await channel.receive();
  if (begin?.type !== "Begin") Deno.exit(0);
  const { handoffId } = begin;
  if (successorFault === "throws-in-open") throw new Error("the data cannot be opened");
  lock = await DataDirLock.acquire(dataDir, { timeout: 2_000 });
  if (successorFault === "never-ready") await forever;
  if (successorFault.startsWith("slow")) {
    await heartbeat(channel, Number(successorFault.slice("slow".length))).catch(unlessGone);
  }
  if (successorFault === "kills-itself") Deno.kill(Deno.pid, "SIGKILL");
  const healthzOk = successorFault !== "unhealthy";
  if (healthzOk) {
    // Before Ready: what is committed may be told to stop at once.
    stopOnSignals();
    await serve();
  }
  if (successorFault === "older") revision--;
  await channel.send({
    type: "Ready",
    handoffId: successorFault === "another-handoff" ? crypto.randomUUID() : handoffId,
    listeningOn: ["http"],
    healthzOk,
    advertisedRevisionPerShard: [revision],
  }).catch(unlessGone);
  if (!healthzOk || successorFault === "older") await forever;
}

function stopOnSignals(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (values["stops-with"] !== "never") Deno.exit(Number(values["stops-with"]));
    });
  }
}

async function sendRaw(fd: number, bytes: Uint8Array<ArrayBuffer>): Promise<never> {
  os.send(fd, bytes);
  return await forever;
}

async function heartbeat(channel: ControlChannel, ms: number): Promise<void> {
  await using _beating = await channel.heartbeats(200);
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Who holds the lock serves, also when its supervisor is gone. */
function unlessGone(error: unknown): void {
  if (!(error instanceof ChannelClosedError)) throw error;
}

async function beIncumbent(): Promise<void> {
  control = bindSocketFile(os, controlSocket);
  while (await os.readable(control)) {
    const accepted = acceptPermitted(os, control);
    if (accepted === undefined) continue;
    using channel = new ControlChannel(os, accepted.fd);
    const committed = await session(channel).catch(() => false);
    if (committed) Deno.exit(0);
    await resume();
  }
}

/** One session; whether it was committed. */
async function session(channel: ControlChannel): Promise<boolean> {
  await channel.send(hello("incumbent"));
  await channel.receive();
  for (let message; (message = await channel.receive()) !== undefined;) {
    switch (message.type) {
      case "PrepareHandoff":
        if (incumbentFault === "dies-in-drain") Deno.kill(Deno.pid, "SIGKILL");
        if (incumbentFault === "never-drained") await heartbeat(channel, 3_600_000);
        if (incumbentFault === "closes") return false;
        await stopServing();
        await channel.send({ type: "Drained", openConnsRemaining: 0, acceptClosed: true });
        break;
      case "SealRequest":
        if (incumbentFault === "dies-in-seal") Deno.kill(Deno.pid, "SIGKILL");
        if (incumbentFault === "seal-fails") {
          await resume();
          const { handoffId } = message;
          await channel.send({ type: "SealFailed", handoffId, error: "the disk is full", partialState: "" });
          break;
        }
        lock?.releaseSync();
        lock = undefined;
        await channel.send({
          type: "SealComplete",
          handoffId: message.handoffId,
          lastRevisionPerShard: [revision],
          dataDirFingerprint: new Uint8Array(32),
        });
        if (incumbentFault === "dies-sealed") Deno.kill(Deno.pid, "SIGKILL");
        break;
      case "Commit":
        if (incumbentFault === "lingers") await forever;
        return true;
      case "ResumeAfterAbort":
        if (incumbentFault === "dies-on-resume") Deno.kill(Deno.pid, "SIGKILL");
        await resume();
        break;
      default:
        return false;
    }
  }
  return false;
}

async function resume(): Promise<void> {
  lock ??= await DataDirLock.acquire(dataDir, { timeout: 2_000 });
  // A successor that was killed may have put its own socket there.
  if (control !== undefined && !leadsTo(os, controlSocket, control)) control = bindSocketFile(os, controlSocket);
  if (server === undefined) await serve();
}

async function serve(): Promise<void> {
  if (listener === undefined) return;
  const answer = JSON.stringify({ pid: Deno.pid, build: values.build, env: ownEnvironment() });
  server = createServer((_request, response) => response.setHeader("Connection", "close").end(answer));
  const listening = Promise.withResolvers<void>();
  server.listen({ fd: os.duplicate(listener) }, listening.resolve);
  await listening.promise;
}

async function stopServing(): Promise<void> {
  const closed = Promise.withResolvers<void>();
  if (server === undefined) return;
  server.close(() => closed.resolve());
  server = undefined;
  await closed.promise;
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => /^(HANDOFF|LISTEN|NOTIFY)_/.test(name)),
  );
}

function hello(role: "incumbent" | "successor") {
  const buildId = new TextEncoder().encode(values.build);
  return { type: "Hello", role, pid: Deno.pid, buildId, protoMin: 1, protoMax: 1, capabilities: 0n } as const;
}
