/**
 * Acquires the lock of the directory in its first argument, keeps no reference to it, and reports when the garbage
 * collector has taken, and finalized, what was dropped in the same breath. Needs `--v8-flags=--expose-gc`. Ends when
 * killed.
 */
import { DataDirLock } from "@scope/handoff";
import { report } from "./report.ts";

const { gc } = globalThis as unknown as { gc(): void };
const [dataDir] = Deno.args;

let finalized = false;
const registry = new FinalizationRegistry(() => finalized = true);

function drop(): void {
  DataDirLock.acquireSync(dataDir);
  registry.register({ dropped: "with the lock" }, undefined);
}

drop();
const collecting = setInterval(() => {
  gc();
  if (!finalized) return;
  clearInterval(collecting);
  report("collected");
}, 1);
await Deno.stdin.read(new Uint8Array(1));
