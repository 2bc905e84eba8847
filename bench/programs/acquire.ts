/** Takes a lock and ends, which gives it back. */
import { DataDirLock } from "@scope/handoff";

await DataDirLock.acquire(Deno.args[0]);
