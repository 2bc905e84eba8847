/**
 * What a swap costs, beside what one would use instead: prints it, writes `handoff.json`, and draws `handoff.svg`. Run by
 * `deno task bench:handoff`; with `--quick` it only shows that everything can be measured, and writes nothing.
 */
import { draw } from "../draw.ts";
import { describeEnvironment } from "../environment.ts";
import { percentile } from "../statistics.ts";
import { measureRecovery, type Recovery } from "./recovery.ts";
import type { PeerFigures } from "./swap_figures.ts";
import { measurePeers } from "./swaps.ts";
import { measureThroughput, type Throughput } from "./throughput.ts";

const quick = Deno.args.includes("--quick");
const peers = await measurePeers(quick ? 1 : 5);
printPeers(peers);
const recovery = await measureRecovery(quick ? 1 : 7);
printRecovery(recovery);
const throughput = await measureThroughput(quick ? 1 : 7, quick ? 1 : 4);
printThroughput(throughput);
if (!quick) {
  const results = { environment: describeEnvironment(), peers: peers.map(thinned), recovery, throughput };
  Deno.writeTextFileSync(new URL("handoff.json", import.meta.url), `${JSON.stringify(results, round, 1)}\n`);
  draw("swaps.ts");
}
Deno.exit();

/** Of what is drawn, as much as an eye can tell apart: all slow requests of the first peer, and a part of the others. */
function thinned(peer: PeerFigures, index: number): PeerFigures {
  if (peer.figures === undefined) return peer;
  const timeline = peer.figures.timeline.filter(({ ms, failed }, i) => failed || ms > 10 || i % 8 === 0);
  return { ...peer, figures: { ...peer.figures, timeline: index === 0 ? timeline : [] } };
}

function printPeers(peers: readonly PeerFigures[]): void {
  for (const { name, version, skipped, figures } of peers) {
    if (figures === undefined) {
      console.log(`${name}: skipped, ${skipped}`);
      continue;
    }
    const { groups, swaps, queued, queuedLost, longestMs, pausesMs } = figures;
    console.log(`${name} (${version}), ${swaps} swaps`);
    for (const { looks, thinkMs, requests, failed, reconnects } of groups) {
      const client = `${looks ? "looks for EOF" : "does not look"}, think ${thinkMs} ms`;
      console.log(`  ${client.padEnd(30)} ${failed / swaps} failed a swap, of ${requests}; ${reconnects} reconnects`);
    }
    console.log(`  queued connections lost ${queuedLost} of ${queued}, longest answer ${longestMs.toFixed(1)} ms`);
    const pause = `${percentile(pausesMs, 50).toFixed(1)} ms (median), ${Math.max(...pausesMs).toFixed(1)} ms (worst)`;
    console.log(`  longest time without an answer ${pause}`);
  }
}

function printRecovery(recovery: Recovery): void {
  const { bareStartMs, upgradeRatio, killedIncumbentRatio, killedSuccessorRatio, idleMemory, idleProcessor } = recovery;
  console.log(`bare start of the program      ${bareStartMs.toFixed(0)} ms`);
  console.log(`upgrade, nothing to drain      ${upgradeRatio.toFixed(2)} times that`);
  console.log(`killed daemon to next answer   ${killedIncumbentRatio.toFixed(2)} times that`);
  console.log(`killed successor to next       ${killedSuccessorRatio.toFixed(2)} times that`);
  console.log(`idle supervisor                ${idleMemory.toFixed(0)} MiB, ${idleProcessor.toFixed(2)} % of a core`);
}

function printThroughput(throughput: readonly Throughput[] | string): void {
  if (typeof throughput === "string") return console.log(`requests per second: skipped, ${throughput}`);
  for (const { name, ratio } of throughput) console.log(`${name.padEnd(30)} ${ratio.toFixed(2)} of node:http`);
}

function round(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
