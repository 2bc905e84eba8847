import { fromFileUrl } from "@std/path";
import { median } from "../statistics.ts";
import { freePort } from "../../torture/load/supervised.ts";
import { answering, PeerProcess, versionOf } from "./peer.ts";

/** Requests per second of one server, over all rounds; and the median of its ratio to node:http in the same round. */
export interface Throughput {
  readonly name: string;
  readonly perSecond: readonly number[];
  readonly ratio: number;
}

const PROGRAMS = fromFileUrl(new URL("./programs/", import.meta.url));
const IMPORT_MAP = fromFileUrl(new URL("../../import_map.npm.json", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
/** What is measured in each round, in this order; the second node:http tells how much of a difference is noise. */
const SERVERS = [
  { name: "node:http", program: "hello_node.ts" },
  { name: "runDaemon's fetch", program: "hello_alone.ts" },
  { name: "node:http again", program: "hello_node.ts" },
  { name: "Deno.serve", program: "hello.ts" },
] as const;

/** Rounds of wrk with one thread and 16 connections against each server in turn; a string says why there are none. */
export async function measureThroughput(rounds: number, seconds: number): Promise<Throughput[] | string> {
  if (await versionOf("wrk", "--version") === undefined) return "wrk is not installed";
  await using started = new AsyncDisposableStack();
  const ports: number[] = [];
  for (const { program } of SERVERS) {
    const port = freePort();
    const dir = Deno.makeTempDirSync({ prefix: "handoff-bench-" });
    started.defer(() => Deno.remove(dir, { recursive: true }));
    const options = ["--quiet", "--frozen", `--config=${CONFIG}`, `--import-map=${IMPORT_MAP}`, "-A"];
    started.use(new PeerProcess(Deno.execPath(), ["run", ...options, PROGRAMS + program, String(port), dir]));
    await answering(port);
    ports.push(port);
  }
  const perSecond = SERVERS.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, port] of ports.entries()) perSecond[i]!.push(await wrk(port, seconds));
  }
  return SERVERS.map(({ name }, i) => ({
    name,
    perSecond: perSecond[i]!,
    ratio: median(perSecond[i]!.map((value, round) => value / perSecond[0]![round]!)),
  }));
}

async function wrk(port: number, seconds: number): Promise<number> {
  const args = ["-t1", "-c16", `-d${seconds}s`, `http://127.0.0.1:${port}/`];
  const { stdout } = await new Deno.Command("wrk", { args }).output();
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(new TextDecoder().decode(stdout))?.[1]);
}
