import type { Counter, Histogram, Registry } from "prom-client";
import { type Address, formatAddress, ListenerError } from "../listener.ts";
import type { UpgradeRecord } from "../protocol/trigger.ts";
import type { Log } from "./log.ts";
import type { Supervisor } from "./supervisor.ts";

/** What metrics tell of. */
export type Measured = Pick<Supervisor, "status" | "history">;

/** Serves `/metrics` for Prometheus and `/status` as JSON, until it is disposed of. */
export interface MetricsServer extends AsyncDisposable {
  readonly url: string;
  /** From now on it tells of this supervisor; before, it answers 503. */
  attach(supervisor: Measured): void;
  /** Takes an event of the supervisor's log. */
  readonly hear: Log;
}

/** Binds the address. Rejects with `ListenerError` where it cannot. */
export async function serveMetrics(address: Address): Promise<MetricsServer> {
  const { register, record, moved } = await openRegistry(() => supervisor);
  let supervisor: Measured | undefined;
  async function answer(request: Request): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
    if (supervisor === undefined) return new Response("starting\n", { status: 503 });
    switch (new URL(request.url).pathname) {
      case "/metrics":
        return new Response(await register.metrics(), { headers: { "content-type": register.contentType } });
      case "/status":
        return Response.json(supervisor.status());
    }
    return new Response("not found: /metrics and /status are here\n", { status: 404 });
  }
  const closed = new AbortController();
  const server = listen(address, closed.signal, answer);
  return {
    url: "hostname" in server.addr ? urlOf(server.addr) : formatAddress(address),
    attach: (measured) => supervisor = measured,
    hear: (event, fields) => {
      if (event === "connections-moved") moved(Number(fields?.connectionsMoved));
      const latest = event === "upgrade-ended" ? supervisor?.history.latest : undefined;
      if (latest !== undefined) record(latest);
    },
    [Symbol.asyncDispose]: async () => {
      closed.abort();
      await server.finished;
    },
  };
}

function listen(
  address: Address,
  signal: AbortSignal,
  answer: (request: Request) => Promise<Response>,
): Deno.HttpServer {
  const shared = { signal, onListen: () => {} };
  try {
    if (address.family === "unix") return Deno.serve({ ...shared, path: address.path }, answer);
    return Deno.serve({ ...shared, hostname: address.host, port: address.port }, answer);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ListenerError(`Cannot serve metrics on ${JSON.stringify(formatAddress(address))}: ${reason}`, { cause });
  }
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** From the pause of an empty state to the longest deadline that anybody waits for, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 300];

/** Only who asks for metrics loads what makes them. */
async function openRegistry(
  measured: () => Measured | undefined,
): Promise<{ readonly register: Registry; record(upgrade: UpgradeRecord): void; moved(count: number): void }> {
  const prometheus = await import("prom-client");
  const register = new prometheus.Registry();
  const registers = [register];
  const counter = (name: string, help: string) => new prometheus.Counter({ name, help, registers });
  const histogram = (name: string, help: string) =>
    new prometheus.Histogram({ name, help, buckets: BUCKETS, registers });
  const kept = {
    handoffs: counter("handoff_handoffs_total", "Handoffs that were begun"),
    failures: counter("handoff_failures_total", "Handoffs that were not committed"),
    rolledBack: counter("handoff_rolled_back_total", "Handoffs after which the old daemon served on"),
    sealFailures: counter("handoff_seal_failures_total", "Handoffs whose incumbent could not seal its state"),
    duration: histogram("handoff_duration_seconds", "From the start of the successor to the end of the handoff"),
    drain: histogram("handoff_drain_seconds", "The drain of the incumbent"),
    seal: histogram("handoff_seal_seconds", "The seal of the incumbent's state"),
    beginToReady: histogram("handoff_begin_to_ready_seconds", "From Begin to Ready of the successor"),
    writePause: histogram("handoff_write_pause_seconds", "From the start of the drain until the successor can write"),
  };
  new prometheus.Gauge({
    name: "handoff_generation",
    help: "How often a daemon took over from another under this supervisor",
    registers,
    collect() {
      this.set(measured()?.status().generation ?? 0);
    },
  });
  new prometheus.Counter({
    name: "handoff_restarts_total",
    help: "How often a daemon was started again after it had ended",
    registers,
    collect() {
      this.reset();
      this.inc(measured()?.status().restarts ?? 0);
    },
  });
  const moved = counter("handoff_connections_moved_total", "Idle connections that the successor adopted");
  return { register, record: (upgrade) => count(kept, upgrade), moved: (count) => moved.inc(count) };
}

/** How the reason begins where the incumbent said SealFailed. */
const SEAL_FAILED = "the incumbent could not seal";

interface Kept {
  readonly handoffs: Counter;
  readonly failures: Counter;
  readonly rolledBack: Counter;
  readonly sealFailures: Counter;
  readonly duration: Histogram;
  readonly drain: Histogram;
  readonly seal: Histogram;
  readonly beginToReady: Histogram;
  readonly writePause: Histogram;
}

function count(kept: Kept, { outcome, reason, phases, writePauseMs }: UpgradeRecord): void {
  kept.handoffs.inc();
  if (outcome !== "committed") kept.failures.inc();
  if (outcome === "rolled-back") kept.rolledBack.inc();
  if (reason?.startsWith(SEAL_FAILED)) kept.sealFailures.inc();
  const all = Object.values(phases).reduce((sum, ms) => sum + ms, 0);
  for (
    const [histogram, ms] of [
      [kept.duration, all],
      [kept.drain, phases.drain],
      [kept.seal, phases.seal],
      [kept.beginToReady, phases.open],
      [kept.writePause, outcome === "committed" ? writePauseMs : undefined],
    ] as const
  ) {
    if (ms !== undefined) histogram.observe(ms / 1_000);
  }
}
