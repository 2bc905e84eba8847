import { assert, assertEquals, assertRejects } from "@std/assert";
import { extname } from "@std/path";
import { libcCandidates } from "../../../ffi/libc_path.ts";
import { ControlChannel } from "../../../handoff/control_channel.ts";
import { Heart, sendLibrary, workerUrl } from "../../../handoff/heartbeat.ts";
import { FrameReader } from "../../../handoff/protocol/frames.ts";
import type { Heartbeat, Message } from "../../../handoff/protocol/messages.ts";
import { HandoffError } from "../../../lock/errors.ts";
import { Child, type ChildOptions, type Report } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { Pair } from "./support.ts";

const LINUX = { needs: ["linux"] } as const;
const COMMIT: Message = { type: "Commit", handoffId: "00112233-4455-6677-8899-aabbccddeeff" };
const PROGRAM = "../handoff/channel/programs/beating.ts";

/** All messages that the peer has got; the last one must be whole. */
function messages(bytes: readonly Uint8Array[]): Message[] {
  const reader = new FrameReader();
  for (const chunk of bytes) reader.push(chunk);
  const all: Message[] = [];
  for (let message = reader.next(); message !== undefined; message = reader.next()) all.push(message);
  assertEquals(reader.pendingBytes, 0);
  return all;
}

/** Blocks this thread, event loop and all, until the peer has read so many bytes. */
function readBlocking(pair: Pair, least: number): Uint8Array[] {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < least;) {
    const chunk = pair.read();
    if (chunk === "end") throw new Error("the stream ended");
    if (chunk !== undefined) chunks.push(chunk);
    length += chunk?.length ?? 0;
    Atomics.wait(cell, 0, 0, 1);
  }
  return chunks;
}

claim("heartbeats go on while the event loop is blocked, each with the time at which it was sent", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  const before = Date.now();
  await using beats = await channel.heartbeats(5);
  assertEquals([beats.survivesBlocking, beats.cause], [true, undefined]);
  const times = (messages(readBlocking(pair, 80)) as Heartbeat[]).map(({ tsMs }) => Number(tsMs));
  assert(
    times.length >= 5 && times.every((time, i) => time >= (times[i - 1] ?? before) && time <= Date.now()),
    `${times}`,
  );
}, LINUX);

claim("nothing is sent after heartbeats are disposed of, and the next frame follows whole ones", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  for (let round = 1; round <= 20; round++) {
    const chunks: Uint8Array[] = [];
    {
      await using _beats = await channel.heartbeats(1);
      chunks.push(...readBlocking(pair, 16));
      await assertRejects(() => channel.send(COMMIT), HandoffError, "heartbeats are being sent");
    }
    await channel.send(COMMIT);
    for (let chunk = pair.read(); chunk instanceof Uint8Array; chunk = pair.read()) chunks.push(chunk);
    assertEquals(messages(chunks).at(-1), COMMIT);
  }
}, LINUX);

claim("heartbeats wait for a frame that is on its way", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  const reason = "x".repeat(900_000);
  const sent = channel.send({ type: "Abort", handoffId: "00112233-4455-6677-8899-aabbccddeeff", reason });
  const started = channel.heartbeats(1);
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < reason.length; length += chunks.at(-1)!.length) chunks.push(await pair.arrived());
  await sent;
  {
    await using _beats = await started;
    chunks.push(...readBlocking(pair, 16));
  }
  for (let chunk = pair.read(); chunk instanceof Uint8Array; chunk = pair.read()) chunks.push(chunk);
  const types = messages(chunks).map(({ type }) => type);
  assertEquals(types.slice(0, 2), ["Abort", "Heartbeat"]);
}, LINUX);

claim("stopped in the middle of a heartbeat, the worker sends no more of it, and the rest of it is known", async () => {
  // A kernel that takes three bytes at a time: each heartbeat needs several calls.
  const slow = `((library) => ({
    symbols: { send: (fd, bytes, length, flags) => library.symbols.send(fd, bytes, length < 3n ? length : 3n, flags) },
    close: () => library.close(),
  }))(${sendLibrary()})`;
  using pair = new Pair();
  using heart = new Heart(pair.os, pair.fd, () => workerUrl(slow));
  await heart.prepare();
  assertEquals(heart.survivesBlocking, true);
  let cut = 0;
  while (cut < 5) {
    heart.start(1);
    const chunks = readBlocking(pair, 1);
    const rest = heart.stop();
    for (let chunk = pair.read(); chunk instanceof Uint8Array; chunk = pair.read()) chunks.push(chunk);
    if (rest.length > 0) cut++;
    assertEquals(messages([...chunks, rest]).every(({ type }) => type === "Heartbeat"), true);
  }
}, LINUX);

claim("a disposed channel's heartbeats do not reach the next owner of the descriptor's number", async () => {
  using pair = new Pair();
  const channel = new ControlChannel(pair.os, pair.fd);
  await channel.heartbeats(1);
  readBlocking(pair, 16);
  channel[Symbol.dispose]();
  const sockets = pair.os.socketPair();
  const [stranger, witness] = sockets;
  // Where the kernel has not given the lowest number again by itself.
  if (!sockets.includes(pair.fd)) pair.os.duplicateOnto(stranger, pair.fd, { closeOnExec: true });
  // The time of fifty heartbeats.
  for (const fd of sockets) assertEquals(await pair.os.readable(fd, { timeout: 50 }), false);
  for (const fd of new Set([stranger, witness, pair.fd])) pair.os.close(fd);
}, LINUX);

claim("two rounds of heartbeats at once are refused", async () => {
  using pair = new Pair();
  using channel = new ControlChannel(pair.os, pair.fd);
  await using _beats = await channel.heartbeats();
  await assertRejects(() => channel.heartbeats(), HandoffError, "already");
}, LINUX);

claim("where no worker can be had a timer sends the heartbeats, and the caller can see it", async () => {
  for (const url of ["data:text/javascript,throw new RangeError('no worker')", "nonsense:"]) {
    using pair = new Pair();
    using heart = new Heart(pair.os, pair.fd, () => url);
    await heart.prepare();
    assertEquals([heart.survivesBlocking, heart.cause === undefined], [false, false]);
    heart.start(1);
    const chunks = [await pair.arrived(), await pair.arrived(), heart.stop()];
    assertEquals(messages(chunks).every(({ type }) => type === "Heartbeat"), true);
  }
}, LINUX);

claim("a channel that is disposed of while its worker starts lets heartbeats() reject", async () => {
  using pair = new Pair();
  const channel = new ControlChannel(pair.os, pair.fd);
  const started = channel.heartbeats();
  channel[Symbol.dispose]();
  await assertRejects(() => started, HandoffError, "closed");
}, LINUX);

const LIBC = [...libcCandidates(Deno.build).paths].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

for (const permissions of [["--allow-ffi"], [`--allow-ffi=${LIBC}`]]) {
  claim(
    `heartbeats need no permission but ${LIBC ? permissions[0].replace(LIBC, "<libc>") : permissions[0]}`,
    async () => {
      assertEquals(await beating(PROGRAM, { permissions }), BEATEN);
    },
    LINUX,
  );
}

claim("heartbeats need no permission but --allow-ffi where the module comes from a web server", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, serveSource);
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const args = ["run", "--quiet", "--no-prompt", "--no-lock", "--no-config", "--allow-ffi"];
  using cache = new TempDir();
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...args,
      `--allow-import=127.0.0.1:${server.addr.port}`,
      `${origin}/tests/handoff/channel/programs/beating.ts`,
    ],
    env: { DENO_DIR: cache.path },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text !== "", new TextDecoder().decode(stderr));
  assertEquals(JSON.parse(text), BEATEN);
}, LINUX);

const BEATEN = { event: "beaten", survivesBlocking: true, cause: "undefined", frames: 5 };

async function beating(program: string, options: ChildOptions): Promise<Report> {
  await using child = new Child(program, options);
  return await child.next();
}

/** The module's files, as a registry serves them. */
async function serveSource(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const type = extname(pathname) === ".ts" ? "application/typescript" : "text/plain";
  return new Response(await Deno.readTextFile(new URL(`../../..${pathname}`, import.meta.url)), {
    headers: { "content-type": type },
  });
}
