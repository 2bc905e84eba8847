/** Answers "ok", as the others do: `hello_daemon.ts DIR`. */
import { runDaemon } from "../../../daemon.ts";

await runDaemon({
  dataDir: Deno.args[0]!,
  listen: { http: "127.0.0.1:0" },
  open: () => ({ [Symbol.dispose]: () => {} }),
  fetch: () => new Response("ok"),
});
