import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { daemon } from "./daemons.ts";

const LINUX = { needs: ["linux"] } as const;

/** Those of the Rust crate. */
const CRATE_NAMES = [
  "handoff_handoffs_total",
  "handoff_failures_total",
  "handoff_rolled_back_total",
  "handoff_seal_failures_total",
  "handoff_duration_seconds",
  "handoff_drain_seconds",
  "handoff_seal_seconds",
  "handoff_begin_to_ready_seconds",
];

claim("/metrics has the names of the Rust crate, and counts an upgrade, a rollback and a restart", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir), ["--metrics", "127.0.0.1:0"]);
  const { url } = await supervisor.logged("metrics");
  const before = await scrape(url);
  assertEquals(CRATE_NAMES.filter((name) => !before.types.has(name)), []);
  assertEquals(before.values.get("handoff_handoffs_total"), 0);
  assertEquals((await handoff(["upgrade", dir.path, "--", ...daemon(dir, "second")])).code, 0);
  assertEquals((await handoff(["upgrade", dir.path, "--", "/bin/false"])).code, 1);
  assertEquals((await handoff(["restart", dir.path])).code, 0);
  const { values } = await scrape(url);
  const expected = {
    handoff_handoffs_total: 2,
    handoff_failures_total: 1,
    handoff_rolled_back_total: 1,
    handoff_seal_failures_total: 0,
    handoff_duration_seconds_count: 2,
    handoff_drain_seconds_count: 1,
    handoff_seal_seconds_count: 1,
    handoff_begin_to_ready_seconds_count: 1,
    handoff_write_pause_seconds_count: 1,
    handoff_generation: 1,
    handoff_restarts_total: 1,
  };
  assertEquals(Object.fromEntries(Object.keys(expected).map((name) => [name, values.get(name)])), expected);
}, LINUX);

claim("/status is what handoff status gets from the supervisor, as JSON", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir), ["--metrics", "127.0.0.1:0"]);
  const { url } = await supervisor.logged("metrics");
  const status = await (await fetch(`${url}/status`)).json();
  const { pid } = await supervisor.ask();
  assertEquals([status.supervisorPid, status.daemon.pid, status.daemon.buildId], [supervisor.pid, pid, "first"]);
}, LINUX);

claim("what it does not serve is 404, and what does not read is 405", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir), ["--metrics", "127.0.0.1:0"]);
  const { url } = await supervisor.logged("metrics");
  const statuses = await Promise.all([["GET", "/"], ["POST", "/metrics"]].map(async ([method, path]) => {
    const response = await fetch(`${url}${path}`, { method });
    await response.body?.cancel();
    return response.status;
  }));
  assertEquals(statuses, [404, 405]);
}, LINUX);

claim("a client that keeps its connection open does not keep the supervisor from ending", async () => {
  using dir = new TempDir();
  await using supervisor = await SupervisorProcess.serving(dir, daemon(dir), ["--metrics", "127.0.0.1:0"]);
  const { url } = await supervisor.logged("metrics");
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  await connection.write(new TextEncoder().encode("GET /status HTTP/1.1\r\nhost: x\r\n\r\n"));
  await connection.read(new Uint8Array(1));
  supervisor.kill("SIGTERM");
  assertEquals((await supervisor.status).code, 0);
}, LINUX);

claim("an address for metrics that is taken: 2, which names it, and nothing was started", async () => {
  using dir = new TempDir();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  const { code, stderr } = await handoff(["supervise", "--dir", dir.path, "--metrics", address, "--", ...daemon(dir)]);
  assertEquals([code, dir.entries()], [2, []]);
  assertMatch(stderr, new RegExp(`Cannot serve metrics on "${address}": `));
}, LINUX);

async function scrape(url: string): Promise<{ types: Set<string>; values: Map<string, number> }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return {
    types: new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)),
    values: new Map([...text.matchAll(/^([a-z_]+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)])),
  };
}
