/**
 * Acquires the lock of the directory in its first argument, and leaves its standard input and output to a child that
 * echoes, spawned by the API that its second argument names. Ends when killed; the child, when the input is closed.
 */
import { spawn } from "node:child_process";
import { DataDirLock } from "@scope/handoff";
import { report } from "./report.ts";

const [dataDir, api] = Deno.args;
const spawners: Record<string, () => unknown> = {
  "Deno.Command": () => new Deno.Command("cat", { stdin: "inherit", stdout: "inherit", stderr: "null" }).spawn(),
  "node:child_process": () => spawn("cat", { stdio: ["inherit", "inherit", "ignore"] }),
};

const lock = await DataDirLock.acquire(dataDir);
const child = spawners[api]();
report("spawned", { dataDir: lock.dataDir });
// Runs until it is killed, and leaves the input to the child.
setInterval(() => child, 1_000_000);
