/**
 * A successor that opens its database and then fails: `broken_daemon.ts DIR`.
 *
 * @module
 */
import { runDaemon } from "../../daemon.ts";

await runDaemon({
  dataDir: Deno.args[0]!,
  listen: { http: "127.0.0.1:0", ws: "127.0.0.1:0" },
  open: () => {
    throw new Error("the new version cannot read the journal");
  },
  listeners: { http: { fetch: () => new Response() }, ws: { fetch: () => new Response() } },
});
