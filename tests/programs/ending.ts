/**
 * Acquires the lock of the directory in its first argument, reports it, and when told to ends inside the `await using`
 * block, in the way that its second argument names.
 */
import process from "node:process";
import { DataDirLock } from "@scope/handoff";
import { commands, report } from "./report.ts";

const [dataDir, way] = Deno.args;
const ways: Record<string, () => void> = {
  exit: () => Deno.exit(3),
  processExit: () => process.exit(3),
  throw: () => {
    throw new Error("uncaught");
  },
  reject: () => void Promise.reject(new Error("unhandled")),
};

await using lock = await DataDirLock.acquire(dataDir);
report("acquired", { dataDir: lock.dataDir });
// As a task of its own: what is thrown in the block itself is not uncaught before the block has released.
for await (const _line of commands()) setTimeout(ways[way]);
