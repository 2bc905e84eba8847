/** A daemon of this module that answers `GET /` with its pid; its argument is the data directory. */
import { runDaemon } from "../../../../daemon.ts";

await runDaemon({
  dataDir: Deno.args[0],
  open: () => ({ [Symbol.dispose]() {} }),
  listeners: { http: { fetch: () => Response.json({ pid: Deno.pid, build: "daemon", env: {} }) } },
});
