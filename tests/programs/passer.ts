/**
 * Acquires the lock of the directory in its first argument, reports it, and passes it, when something is written to its
 * standard input, to a child, `adopter.ts`, which inherits it and the standard streams. Then does what its second argument
 * names, and, unless that ends it, runs until it is killed.
 */
import { fromFileUrl } from "@std/path";
import { HeldLock } from "../../lock/held_lock.ts";
import { rawDescriptor } from "../support/raw_descriptor.ts";
import { report } from "./report.ts";

const [dataDir, action] = Deno.args;
const lock = await HeldLock.acquire(dataDir);
report("acquired", { pid: Deno.pid });
// One read, of the line that is there: what follows is for the child.
if (await Deno.stdin.read(new Uint8Array(64)) === null) Deno.exit();
lock.pass(sendToChild);
const actions: Record<string, () => void> = {
  stay: () => {},
  release: () => lock.releaseSync(),
  exit: () => Deno.exit(),
};
actions[action]();
setInterval(() => {}, 1_000_000);

function sendToChild(fd: number): boolean {
  rawDescriptor(fd, { inherited: true });
  const project = fromFileUrl(new URL("../..", import.meta.url));
  const flags = [
    "--quiet",
    "--no-prompt",
    `--config=${project}deno.json`,
    `--import-map=${project}import_map.npm.json`,
  ];
  const program = fromFileUrl(new URL("./adopter.ts", import.meta.url));
  new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "-A", program, dataDir],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().unref();
  return true;
}
