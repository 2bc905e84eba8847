import { fromFileUrl } from "@std/path";
import { checkEntries, readEntries } from "./check_entries.ts";
import { type ClientHistory, type RequestRecord, runClient } from "./client.ts";
import { freePort, Supervised } from "./supervised.ts";
import {
  followEvents,
  keepWebSocket,
  pipelineRequests,
  queueConnections,
  splitRequests,
  type Visit,
} from "./visitors.ts";

/** What a run is made of. */
export interface LoadOptions {
  readonly dir: string;
  /** How many swaps have to commit. */
  readonly swaps: number;
  /** How many broken successors come in between, which have to be rolled back. */
  readonly broken: number;
  /** How many requests there have to be at least; the swaps are spread over them. */
  readonly requests: number;
  readonly clients: number;
  readonly queued: number;
  readonly webSockets: number;
  readonly random: () => number;
  readonly onSwap?: (line: string) => void;
}

/** What came of it. */
export interface LoadOutcome {
  readonly requests: number;
  readonly failed: readonly string[];
  /** Of the keep-alive clients, after their first connection. */
  readonly reconnects: number;
  /** What is wrong with the journal. */
  readonly wrong: readonly string[];
  /** What the awkward clients complain of. */
  readonly complaints: readonly string[];
  /** How often the awkward clients did their thing to the end. */
  readonly rounds: Readonly<Record<string, number>>;
  /** Of the connections that were opened in the moment of a swap. */
  readonly queuedAnswered: number;
  /** The longest that an answer took while a swap ran, for each swap, in milliseconds, and of all that did not. */
  readonly pauses: readonly number[];
  readonly quietest: number;
  /** Of upgrades that ended otherwise than they had to. */
  readonly misses: readonly string[];
  /** Of the supervisor: resident memory in KiB after the warm-up and at the end, and its open descriptors. */
  readonly memory: readonly [number, number];
  readonly descriptors: readonly [number, number];
  /** Of the daemon: its open descriptors after the first swap and after the last one. */
  readonly daemonDescriptors: readonly [number, number];
}

const THINK_TIMES = [0, 1, 5, 400];
const DAEMON = fromFileUrl(new URL("./loaded_daemon.ts", import.meta.url));
const BROKEN = fromFileUrl(new URL("./broken_daemon.ts", import.meta.url));
/** Swaps after which memory and descriptors are taken as settled. */
const WARM_UP = 5;

/** Swaps a daemon under load again and again. */
export async function runLoad(options: LoadOptions): Promise<LoadOutcome> {
  const { random } = options;
  const addresses = { http: freePort(), ws: freePort() };
  const address = { hostname: "127.0.0.1", port: addresses.http };
  await using supervised = new Supervised({
    dataDir: options.dir,
    listeners: { http: `127.0.0.1:${addresses.http}`, ws: `127.0.0.1:${addresses.ws}` },
    program: [DAEMON, options.dir],
  });
  await serving(address);
  const stop = new AbortController();
  const histories = Array.from({ length: options.clients }, (): ClientHistory => ({ requests: [], reconnects: 0 }));
  const clients = histories.map((history, i) =>
    runClient(
      {
        name: `client${i}`,
        address,
        thinkMs: THINK_TIMES[i % THINK_TIMES.length]!,
        looks: Math.floor(i / THINK_TIMES.length) % 2 === 0,
        random,
      },
      history,
      stop.signal,
    )
  );
  const visitors = {
    split: splitRequests({ name: "split", address, random }, stop.signal),
    pipeline: pipelineRequests({ name: "pipeline", address, random }, stop.signal),
    events: followEvents({ name: "events", address, random }, stop.signal),
    ...Object.fromEntries(
      Array.from({ length: options.webSockets }, (_, i) => [
        `webSocket${i}`,
        keepWebSocket({ name: `webSocket${i}`, address, random }, `ws://127.0.0.1:${addresses.ws}/`, stop.signal),
      ]),
    ),
  };
  const misses: string[] = [];
  const queues: Visit[] = [];
  const swaps: { from: number; to: number }[] = [];
  let settled: Usage | undefined;
  let daemonSettled: number | undefined;
  for (let swap = 0; swap < options.swaps + options.broken; swap++) {
    const broken = isBroken(swap, options);
    const from = now();
    const queue = queueConnections({ name: `queue${swap}`, address, random }, swap === 1 ? options.queued : 0);
    const { code, output } = await supervised.handoff("upgrade", { program: [broken ? BROKEN : DAEMON, options.dir] });
    swaps.push({ from, to: now() });
    queues.push(await queue);
    if (code !== (broken ? 1 : 0)) misses.push(`upgrade ${swap} exited with ${code}: ${output}`);
    options.onSwap?.(`${broken ? "broken successor" : "swap"} ${swap}: exit ${code}, ${Math.round(now() - from)} ms`);
    if (swap === 0) daemonSettled = await daemonDescriptors(address);
    if (swap === WARM_UP) settled = usage(supervised.pid);
    await requestsReach((swap + 1) / (options.swaps + options.broken) * options.requests, histories);
  }
  const end = usage(supervised.pid);
  const daemonEnd = await daemonDescriptors(address);
  stop.abort();
  await Promise.all(clients);
  const visits = await Promise.all(Object.entries(visitors).map(async ([name, visit]) => [name, await visit] as const));
  const stopped = await supervised.handoff("stop");
  if (stopped.code !== 0) misses.push(`stop exited with ${stopped.code}: ${stopped.output}`);
  const requests = [...histories, ...visits.map(([, visit]) => visit), ...queues].flatMap(({ requests }) => requests);
  const during = (record: RequestRecord) =>
    swaps.findIndex(({ from, to }) => record.startedAt < to && record.startedAt + record.ms > from);
  return {
    requests: requests.length,
    failed: requests.filter(({ failure }) => failure !== undefined).map(({ text, failure }) => `${text}: ${failure}`),
    reconnects: sum(histories.map(({ reconnects }) => reconnects)),
    wrong: checkEntries(readEntries(`${options.dir}/journal.db`), requests),
    complaints: [...visits.map(([, visit]) => visit), ...queues].flatMap(({ failures }) => failures),
    rounds: roundsOf(visits),
    queuedAnswered: sum(queues.map(({ rounds }) => rounds)),
    pauses: swaps.map((_, swap) => Math.max(0, ...requests.filter((r) => during(r) === swap).map(({ ms }) => ms))),
    quietest: Math.max(0, ...requests.filter((record) => during(record) < 0).map(({ ms }) => ms)),
    misses,
    memory: [(settled ?? end).memory, end.memory],
    descriptors: [(settled ?? end).descriptors, end.descriptors],
    daemonDescriptors: [daemonSettled ?? daemonEnd, daemonEnd],
  };
}

/** The broken ones are spread evenly among the others, and none comes first. */
function isBroken(swap: number, { swaps, broken }: LoadOptions): boolean {
  if (broken === 0) return false;
  const every = Math.floor((swaps + broken) / broken);
  return swap % every === every - 1 && swap / every < broken;
}

function roundsOf(visits: readonly (readonly [string, Visit])[]): Record<string, number> {
  const rounds: Record<string, number> = {};
  for (const [name, visit] of visits) {
    const kind = name.replace(/\d+$/, "");
    rounds[kind] = (rounds[kind] ?? 0) + visit.rounds;
  }
  return rounds;
}

/** Lets the next swap wait for the requests that have to come before it. */
async function requestsReach(count: number, histories: readonly ClientHistory[]): Promise<void> {
  while (sum(histories.map(({ requests }) => requests.length)) < count) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Usage {
  readonly memory: number;
  readonly descriptors: number;
}

function usage(pid: number): Usage {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return { memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]), descriptors: countDescriptors(pid) };
}

function countDescriptors(pid: number): number {
  return Array.from(Deno.readDirSync(`/proc/${pid}/fd`)).length;
}

async function daemonDescriptors({ hostname, port }: { hostname: string; port: number }): Promise<number> {
  const { pid } = await (await fetch(`http://${hostname}:${port}/`)).json();
  return countDescriptors(pid);
}

/** Waits for an answer: the listener is bound before the daemon has started, so that one request is enough. */
async function serving(address: { hostname: string; port: number }): Promise<void> {
  while (true) {
    try {
      await (await fetch(`http://${address.hostname}:${address.port}/`)).text();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
