/**
 * What the lock does for a daemon, shown on real processes by `deno task demo`. Whatever is told is checked first; the
 * exit code is 0 only if all of it is so.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

await using cleanup = new AsyncDisposableStack();
const dataDir = await Deno.makeTempDir({ prefix: "handoff-demo-" });
cleanup.defer(() => Deno.remove(dataDir, { recursive: true }));
const pidfile = `${dataDir}/.handoff.pidfile`;
console.log(`Daemons (examples/daemon.ts) that want to keep their journal in ${dataDir}:\n`);

const first = await timed("the first daemon starts", () => startDaemon());
tell(`it is process ${first.pid}, the writer: .handoff.pidfile names it`, await namedPid() === first.pid);

await timed("it is sent two entries", async () => {
  await first.append("one");
  await first.append("two");
});
tell("both are in its journal", await first.entries() === "one two");

const second = spawnDaemon();
const line = await timed("a second daemon starts on the same directory", () => second.nextLine());
tell("it never becomes ready", line === undefined);
const { code } = await second.status;
const refusal = (await second.stderr).trim();
tell(`it is refused, with exit code ${code} (EX_TEMPFAIL)`, code === 75);
tell(`and says who has the directory:\n${refusal}`, refusal.includes(` process ${first.pid}, which is alive.`));

await timed("the first daemon is killed with SIGKILL", () => first.end("SIGKILL"));
tell(`it leaves a stale pidfile behind, which names ${await namedPid()}`, await namedPid() === first.pid);

const third = await timed("the next daemon starts, and simply acquires", () => startDaemon());
tell(`it is process ${third.pid}, and .handoff.pidfile names it now`, await namedPid() === third.pid);
tell(`the journal survived: ${await third.entries()}`, await third.entries() === "one two");

const successor = spawnDaemon("--wait=60000");
const waiting = await timed("a successor starts, and waits for its turn", () => successor.nextLine());
tell(`it says for whom: ${waiting}`, waiting !== undefined && JSON.parse(waiting).holder === third.pid);

const [thirdEnd, fourth] = await timed(
  "the third daemon is ended with SIGTERM, and the successor takes over",
  () => Promise.all([third.end("SIGTERM"), ready(successor)]),
);
tell(`gracefully, with exit code ${thirdEnd.code}`, thirdEnd.code === 0 && thirdEnd.signal === null);
tell(`process ${fourth.pid} is the writer now`, await namedPid() === fourth.pid);

const heir = spawnDaemon("--wait=60000");
await timed("one more successor starts, and waits", () => heir.nextLine());
const [, fifth] = await timed(
  "the writer is killed with SIGKILL, and the successor takes over",
  () => Promise.all([fourth.end("SIGKILL"), ready(heir)]),
);
tell(`process ${fifth.pid} is the writer now: ${await fifth.entries()}`, await fifth.entries() === "one two");

const end = await timed("it is ended with SIGTERM", () => fifth.end("SIGTERM"));
tell(`gracefully, with exit code ${end.code}`, end.code === 0 && end.signal === null);
const left = [...Deno.readDirSync(dataDir)].filter((entry) => entry.isFile).map((entry) => entry.name).sort().join(" ");
tell(`the lockfile and the journal are left, and no other file: ${left}`, left === ".handoff.lock journal.db");

console.log("\nAll was as told.");

/** Does a step of the demo, and prints how long it took. */
async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`${(performance.now() - start).toFixed(1).padStart(7)} ms  ${step}`);
  return result;
}

/** Prints what can be seen after a step; throws if it is not so. */
function tell(what: string, isSo: boolean): void {
  if (!isSo) throw new Error(`This should be so, and is not: ${what}`);
  console.log(what.replace(/^/gm, " ".repeat(12)));
}

async function namedPid(): Promise<number> {
  return Number(await Deno.readTextFile(pidfile));
}

interface DaemonProcess {
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  readonly stderr: Promise<string>;
  /** The next line of its log; undefined when it has ended. */
  nextLine(): Promise<string | undefined>;
  end(signal: Deno.Signal): Promise<Deno.CommandStatus>;
}

interface Daemon extends Pick<DaemonProcess, "pid" | "end"> {
  append(entry: string): Promise<void>;
  entries(): Promise<string>;
}

/** Starts a daemon that must get the directory, and waits until it says that it is ready. */
async function startDaemon(): Promise<Daemon> {
  return await ready(spawnDaemon());
}

/** The daemon, when it says that it is ready. */
async function ready(daemon: DaemonProcess): Promise<Daemon> {
  const line = await daemon.nextLine();
  if (line === undefined) throw new Error(`The daemon ended before it was ready: ${await daemon.stderr}`);
  const { url } = JSON.parse(line);
  return {
    ...daemon,
    append: async (entry) => {
      const { status } = await fetch(`${url}/entries`, { method: "POST", body: entry });
      if (status !== 201) throw new Error(`The daemon answered ${status}`);
    },
    entries: async () => {
      const entries: { text: string }[] = await (await fetch(`${url}/entries`)).json();
      return entries.map(({ text }) => text).join(" ");
    },
  };
}

/** Starts a daemon, with the least permissions; it is killed at the end of the demo if it still runs then. */
function spawnDaemon(...flags: string[]): DaemonProcess {
  const project = fromFileUrl(new URL("..", import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--frozen",
      `--config=${project}deno.json`,
      `--import-map=${project}import_map.npm.json`,
      "--allow-ffi",
      "--allow-env",
      "--allow-net=127.0.0.1",
      `--allow-read=${dataDir}`,
      `--allow-write=${dataDir}`,
      `${project}examples/daemon.ts`,
      dataDir,
      "--port=0",
      ...flags,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const status = process.status.finally(() => ended = true);
  cleanup.defer(async () => {
    if (!ended) process.kill("SIGKILL");
    await status;
  });
  return {
    pid: process.pid,
    status,
    nextLine: lineReader(process.stdout),
    stderr: new Response(process.stderr).text(),
    end: (signal) => {
      process.kill(signal);
      return status;
    },
  };
}

/** Reads a stream line by line; undefined is its end. */
function lineReader(stream: ReadableStream<Uint8Array<ArrayBuffer>>): () => Promise<string | undefined> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async () => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      text += value;
    }
    const end = text.indexOf("\n");
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return line;
  };
}
