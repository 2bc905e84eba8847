/**
 * Swaps a daemon under load: `deno task load [--swaps N] [--broken N] [--requests N] [--clients N] [--queued N]
 * [--web-sockets N] [--seed N] [--dir PATH]`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { memoryDir } from "../memory_dir.ts";
import { Random } from "../random.ts";
import { runLoad } from "./load.ts";

const flags = parseArgs(Deno.args, {
  string: ["swaps", "broken", "requests", "clients", "queued", "web-sockets", "seed", "dir"],
  default: {
    swaps: "50",
    broken: "3",
    requests: "100000",
    clients: "16",
    queued: "200",
    "web-sockets": "50",
    seed: String(crypto.getRandomValues(new Uint32Array(1))[0]),
    dir: memoryDir(),
  },
});
const dir = Deno.makeTempDirSync({ dir: flags.dir, prefix: "handoff-load-" });
const random = new Random(flags.seed);
const outcome = await runLoad({
  dir,
  swaps: Number(flags.swaps),
  broken: Number(flags.broken),
  requests: Number(flags.requests),
  clients: Number(flags.clients),
  queued: Number(flags.queued),
  webSockets: Number(flags["web-sockets"]),
  random: () => random.below(1_000_000) / 1_000_000,
  onSwap: (line) => console.log(line),
});
Deno.removeSync(dir, { recursive: true });
const pauses = outcome.pauses.toSorted((a, b) => a - b);
console.log(`seed          ${flags.seed}
requests      ${outcome.requests}, ${outcome.failed.length} failed, ${outcome.reconnects} reconnects
journal       ${outcome.wrong.length === 0 ? "every acknowledged entry, once and in order" : outcome.wrong[0]}
queued        ${outcome.queuedAnswered} of ${flags.queued} answered
awkward       ${Object.entries(outcome.rounds).map(([name, rounds]) => `${name} ${rounds}`).join(", ")}
longest wait  ${pauses[pauses.length >> 1]?.toFixed(1)} ms in a swap (median), ${
  pauses.at(-1)?.toFixed(1)
} ms (worst); \
${outcome.quietest.toFixed(1)} ms outside of one
supervisor    ${outcome.memory.join(" -> ")} KiB, ${outcome.descriptors.join(" -> ")} descriptors
daemon        ${outcome.daemonDescriptors.join(" -> ")} descriptors`);
const wrong = [...outcome.failed, ...outcome.wrong, ...outcome.complaints, ...outcome.misses];
for (const line of wrong.slice(0, 20)) console.error(line);
if (wrong.length > 0) Deno.exit(1);
