import { PLACES } from "../places.ts";
import { freePort } from "../../torture/load/supervised.ts";
import { measureSwaps } from "./measure.ts";
import { handoff, handoffWithoutTransfer } from "./ours.ts";
import type { Peer } from "./peer.ts";
import type { PeerFigures } from "./swap_figures.ts";
import { gunicorn, haproxy, nginx, pm2, reusePort, stopAndStart } from "./servers.ts";

const tmpfs = PLACES.find(({ name }) => name === "tmpfs");

const PEERS: readonly Peer[] = [
  handoff,
  handoffWithoutTransfer,
  nginx,
  haproxy,
  gunicorn,
  pm2,
  reusePort,
  stopAndStart,
];

/** Swaps each peer under the same clients, one peer after the other. */
export async function measurePeers(swaps: number): Promise<PeerFigures[]> {
  const results: PeerFigures[] = [];
  for (const peer of PEERS) {
    const dir = Deno.makeTempDirSync({ dir: tmpfs!.parent, prefix: "handoff-bench-" });
    try {
      results.push(await measurePeer(peer, dir, swaps));
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  }
  return results;
}

async function measurePeer(peer: Peer, dir: string, swaps: number): Promise<PeerFigures> {
  const port = freePort();
  const started = await peer.start({ port, dir });
  if (typeof started === "string") return { name: peer.name, skipped: started };
  await using running = started;
  return { name: peer.name, version: running.version, figures: await measureSwaps(running, port, swaps) };
}
