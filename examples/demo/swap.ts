import { fromFileUrl } from "@std/path";
import { checkEntries, readEntries } from "../../torture/load/check_entries.ts";
import { type ClientHistory, runClient } from "../../torture/load/client.ts";
import { freePort, Supervised } from "../../torture/load/supervised.ts";
import { quote, tell, timed } from "./stage.ts";

const CLIENTS = 16;
const SWAPS = 3;
/** Between an answer and the client's next request. */
const THINK_MS = 4;
const DAEMON = fromFileUrl(new URL("../daemon.ts", import.meta.url));
const BROKEN = fromFileUrl(new URL("./broken_daemon.ts", import.meta.url));

/** What a handoff does for a daemon: it is replaced under load, and a broken successor changes nothing. */
export async function showSwap(dataDir: string): Promise<void> {
  const address = { hostname: "127.0.0.1", port: freePort() };
  const url = `http://127.0.0.1:${address.port}/`;
  await using supervised = new Supervised({
    dataDir,
    listeners: { http: `127.0.0.1:${address.port}` },
    program: [DAEMON, dataDir],
  });
  const pid = async (): Promise<number> => (await (await fetch(url)).json()).pid;
  const first = await timed("handoff supervise starts the daemon", () => untilListening(pid));
  tell(`it is process ${first}; its listener belongs to the supervisor, process ${supervised.pid}`, first > 0);

  await using load = new Load(address);
  console.log(`            ${CLIENTS} clients post entries now, each over one keep-alive connection, without a retry`);
  for (let swap = 1; swap <= SWAPS; swap++) {
    const before = await pid();
    const { code, output } = await timed(
      `handoff upgrade, for the ${ORDINALS[swap]} time`,
      () => load.during(() => supervised.handoff("upgrade")),
    );
    if (swap === 1) quote(output);
    const after = await pid();
    tell(`exit code ${code}: process ${after} serves in place of ${before}`, code === 0 && after !== before);
  }

  const before = await pid();
  const { code, output } = await timed(
    "handoff upgrade, to a version that fails when it opens the journal",
    () => load.during(() => supervised.handoff("upgrade", { program: [BROKEN, dataDir] })),
  );
  quote(output);
  tell(`exit code ${code}: process ${before} serves on`, code === 1 && await pid() === before);

  const { requests, reconnects, longestMs } = await load.end();
  await supervised.handoff("stop");
  await supervised.ended();
  const failed = requests.filter(({ failure }) => failure !== undefined);
  const acknowledged = requests.filter(({ id }) => id !== undefined);
  const wrong = checkEntries(readEntries(`${dataDir}/journal.db`), requests);
  console.log(`\nUnder load, in ${SWAPS} swaps and one that was rolled back:`);
  tell(`${requests.length} requests, ${failed.length} failed ${failed[0]?.failure ?? ""}`, failed.length === 0);
  tell(`${reconnects} reconnects: each of the ${CLIENTS} connections is still its first`, reconnects === 0);
  tell(
    `${acknowledged.length} entries acknowledged, each in the journal once and in order ${wrong[0] ?? ""}`,
    wrong.length === 0 && acknowledged.length === requests.length,
  );
  quote(`the longest that an answer took in each: ${longestMs.map((ms) => `${ms.toFixed(0)} ms`).join(", ")}`);
}

const ORDINALS = ["", "first", "second", "third"];

/** Clients that post as long as this lives. */
class Load implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #histories: ClientHistory[] = [];
  readonly #clients: Promise<void>[] = [];
  readonly #longestMs: number[] = [];

  constructor(address: Deno.ConnectOptions) {
    for (let i = 0; i < CLIENTS; i++) {
      const history = { requests: [], reconnects: 0 };
      this.#histories.push(history);
      // Every other client looks for the end of its connection before it sends, as careful ones do.
      const options = { name: `client${i}`, address, thinkMs: THINK_MS, looks: i % 2 === 0, random: Math.random };
      this.#clients.push(runClient(options, history, this.#stop.signal));
    }
  }

  /** Does something, and notes the longest time that an answer took meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const from = performance.timeOrigin + performance.now();
    const result = await work();
    const meanwhile = this.#requests().filter(({ startedAt, ms }) => startedAt + ms >= from);
    this.#longestMs.push(Math.max(...meanwhile.map(({ ms }) => ms)));
    return result;
  }

  /** Lets each client finish what it has begun. */
  async end() {
    await this[Symbol.asyncDispose]();
    const reconnects = this.#histories.reduce((sum, history) => sum + history.reconnects, 0);
    return { requests: this.#requests(), reconnects, longestMs: this.#longestMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#clients);
  }

  #requests() {
    return this.#histories.flatMap(({ requests }) => requests);
  }
}

/** Resolves when the daemon answers. The listener is the supervisor's, which needs a moment to bind it. */
async function untilListening<T>(ask: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
