/** Holds a directory in both ways, so that a bench in another process is refused. Ends when its standard input does. */
import { DataDirLock } from "@scope/handoff";
import properLockfile from "proper-lockfile";

const [dataDir] = Deno.args;
await using _lock = await DataDirLock.acquire(dataDir);
await properLockfile.lock(dataDir);
console.log(JSON.stringify({ event: "holding" }));
for await (const _ of Deno.stdin.readable);
