/** A daemon that asks for nothing of its own; its arguments are the data directory and the address it listens on. */
import { runDaemon } from "@scope/handoff/daemon";

await runDaemon({
  dataDir: Deno.args[0],
  listen: { http: Deno.args[1] },
  open: () => ({ [Symbol.dispose]() {} }),
  fetch: () => Response.json({ pid: Deno.pid, build: "", env: {} }),
  onEvent: (event) => console.log(JSON.stringify({ event: event.type, ...event })),
});
