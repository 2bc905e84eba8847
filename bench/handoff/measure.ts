import { HttpConnection } from "../../torture/load/http_connection.ts";
import type { RunningPeer } from "./peer.ts";
import type { Phase, Sample, SwapFigures } from "./swap_figures.ts";

/** The clients that watch a swap: each keeps one connection. */
const GROUPS = [
  { looks: true, thinkMs: 1, connections: 8 },
  { looks: true, thinkMs: 400, connections: 8 },
  { looks: false, thinkMs: 1, connections: 8 },
  { looks: false, thinkMs: 400, connections: 8 },
] as const;
/** How many connections are opened at once in the moment of the swap. */
const BURST = 64;
/** How long the clients go on after a swap: longer than each of them thinks. */
const AFTERMATH_MS = 2_000;
/** What is not answered by then has failed: some servers lose a connection and do not close it. */
const PATIENCE_MS = 5_000;

/** Swaps the server again and again beside its clients. */
export async function measureSwaps(peer: RunningPeer, port: number, swaps: number): Promise<SwapFigures> {
  const stop = new AbortController();
  const groups = GROUPS.map((group) => ({ ...group, samples: [] as Sample[], counts: { reconnects: 0 } }));
  const clients = groups.flatMap(({ connections, looks, thinkMs, samples, counts }) =>
    Array.from({ length: connections }, () => watchServer(port, { looks, thinkMs, samples, counts }, stop.signal))
  );
  await sleep(AFTERMATH_MS);
  const commandMs: number[] = [];
  const starts: number[] = [];
  let queuedLost = 0;
  let phases: readonly Phase[] = [];
  for (let i = 0; i < swaps; i++) {
    const start = performance.now();
    starts.push(start);
    const swapped = peer.swap();
    const burst = Promise.all(Array.from({ length: BURST }, async (_, n) => {
      await sleep(n);
      return await askOnce(port);
    }));
    phases = await swapped ?? [];
    commandMs.push(performance.now() - start);
    queuedLost += (await burst).filter((answered) => !answered).length;
    await sleep(AFTERMATH_MS);
  }
  stop.abort();
  await Promise.all(clients);
  const all = groups.flatMap(({ samples }) => samples);
  const busy = groups.flatMap(({ thinkMs, samples }) => thinkMs === 1 ? samples : []);
  const lastStart = starts.at(-1)!;
  return {
    swaps,
    groups: groups.map(({ looks, thinkMs, samples, counts }) => ({
      looks,
      thinkMs,
      requests: samples.length,
      failed: samples.filter(({ failed }) => failed).length,
      reconnects: counts.reconnects,
    })),
    queuedLost,
    queued: BURST * swaps,
    longestMs: Math.max(...all.map(({ ms }) => ms)),
    pausesMs: starts.map((start, i) => longestPause(busy, { start, end: starts[i + 1] ?? Infinity })),
    commandMs,
    phases,
    timeline: all.filter(({ at }) => at > lastStart - 500 && at < lastStart + AFTERMATH_MS)
      .map((sample) => ({ ...sample, at: sample.at - lastStart })).toSorted((a, b) => a.at - b.at),
  };
}

/** The longest gap between two answers from the start of a swap to that of the next. */
function longestPause(samples: readonly Sample[], { start, end }: { start: number; end: number }): number {
  const answers = samples.filter(({ failed }) => !failed).map(({ at, ms }) => at + ms).toSorted((a, b) => a - b);
  const gaps = answers.map((at, i) => at > start && answers[i - 1]! < end ? at - answers[i - 1]! : 0);
  return Math.max(...gaps);
}

interface WatchOptions {
  readonly looks: boolean;
  readonly thinkMs: number;
  readonly samples: Sample[];
  readonly counts: { reconnects: number };
}

async function watchServer(port: number, options: WatchOptions, stop: AbortSignal): Promise<void> {
  const { looks, thinkMs, samples, counts } = options;
  let connection: HttpConnection | undefined;
  for (let n = 0; !stop.aborted; n++) {
    const at = performance.now();
    let failed = false;
    try {
      if (looks && connection?.ended) connection = void connection[Symbol.dispose]();
      if (connection === undefined) {
        if (n > 0) counts.reconnects++;
        connection = await HttpConnection.open({ hostname: "127.0.0.1", port });
      }
      const { close } = await ask(connection);
      if (looks) connection.watch();
      if (close) connection = void connection[Symbol.dispose]();
    } catch {
      failed = true;
      connection = void connection?.[Symbol.dispose]();
    }
    samples.push({ at, ms: performance.now() - at, failed });
    await sleep(thinkMs * (1 + Math.random() / 2));
  }
  connection?.[Symbol.dispose]();
}

async function askOnce(port: number): Promise<boolean> {
  try {
    using connection = await HttpConnection.open({ hostname: "127.0.0.1", port });
    await ask(connection);
    return true;
  } catch {
    return false;
  }
}

async function ask(connection: HttpConnection): Promise<{ close: boolean }> {
  await connection.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer for ${PATIENCE_MS} ms`)), PATIENCE_MS);
  try {
    const answer = await Promise.race([connection.answer(), tooLate]);
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
