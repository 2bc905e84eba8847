/**
 * What a swap costs, beside what one would use instead: prints it, and writes `handoff.json`, which
 * `../chart/swaps.ts` draws. With `--quick` it only shows that everything can be measured, and writes nothing.
 */
import { describeEnvironment } from "../environment.ts";
import { measurePeers, type PeerFigures } from "./swaps.ts";

const quick = Deno.args.includes("--quick");
const peers = await measurePeers(quick ? 1 : 5);
printPeers(peers);
if (!quick) {
  const results = { environment: describeEnvironment(), peers };
  Deno.writeTextFileSync(new URL("handoff.json", import.meta.url), `${JSON.stringify(results, round, 1)}\n`);
}

function printPeers(peers: readonly PeerFigures[]): void {
  for (const { name, version, skipped, figures } of peers) {
    if (figures === undefined) {
      console.log(`${name}: skipped, ${skipped}`);
      continue;
    }
    const { groups, swaps, queued, queuedLost, longestMs } = figures;
    console.log(`${name} (${version}), ${swaps} swaps`);
    for (const { looks, thinkMs, requests, failed, reconnects } of groups) {
      const client = `${looks ? "looks for EOF" : "does not look"}, think ${thinkMs} ms`;
      console.log(`  ${client.padEnd(30)} ${failed / swaps} failed a swap of ${requests}, ${reconnects} reconnects`);
    }
    console.log(`  queued connections lost ${queuedLost} of ${queued}, longest answer ${longestMs.toFixed(1)} ms`);
  }
}

function round(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
