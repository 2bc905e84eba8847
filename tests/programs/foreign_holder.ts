/**
 * Some other program that holds the flock of the directory in its first argument, and knows nothing of this module. It
 * reports whether it got it, and ends when its standard input is closed.
 */
import { report } from "./report.ts";

const [dataDir] = Deno.args;
using file = Deno.openSync(`${dataDir}/.handoff.lock`, { create: true, write: true });
report(file.tryLockSync(true) ? "locked" : "refused");
await Deno.stdin.read(new Uint8Array(1));
