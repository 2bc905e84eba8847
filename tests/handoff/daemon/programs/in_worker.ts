/** Runs `alone.ts` in a worker, and stops it at the first line on its standard input. */
import { commands } from "../../../programs/report.ts";

const url = new URL("./alone.ts", import.meta.url);
url.searchParams.set("dir", Deno.args[0]);
const worker = new Worker(url, { type: "module" });
for await (const _ of commands()) worker.postMessage("stop");
worker.terminate();
