/**
 * What the lock and the handoff do for a daemon, shown on real processes by `deno task demo`. Whatever is told is checked
 * first; the exit code is 0 only if all of it is so.
 *
 * @module
 */
import { showLock } from "./demo/lock.ts";
import { showSwap } from "./demo/swap.ts";

await using cleanup = new AsyncDisposableStack();

console.log("One writer, by the lock\n");
await showLock(await dataDir("lock"));

if (Deno.build.os === "linux") {
  console.log("\nReplaced without a failed request, by the handoff\n");
  await showSwap(await dataDir("swap"));
} else {
  console.log("\nskipped (needs Linux): the handoff");
}

console.log("\nAll was as told.");

async function dataDir(name: string): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: `handoff-demo-${name}-` });
  cleanup.defer(() => Deno.remove(path, { recursive: true }));
  return path;
}
