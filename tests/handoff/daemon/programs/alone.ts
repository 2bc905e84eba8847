/** A daemon on the directory in its first argument that reports its events; runs as a program and as a worker. */
import { runDaemon } from "@scope/handoff/daemon";
import { report } from "../../../programs/report.ts";

const stop = new AbortController();
globalThis.addEventListener("message", () => stop.abort());
if (!("WorkerGlobalScope" in globalThis)) Deno.stdin.read(new Uint8Array(1)).then(() => Deno.exit());

await runDaemon({
  dataDir: Deno.args[0] ?? new URL(import.meta.url).searchParams.get("dir")!,
  listen: { http: "127.0.0.1:0" },
  open: () => new DisposableStack(),
  fetch: () => new Response("hello", { headers: { connection: "close" } }),
  signal: stop.signal,
  onEvent: ({ type, ...fields }) => {
    if (["alone", "serving"].includes(type)) report(type, { ...fields });
  },
});
report("stopping");
globalThis.close();
