/**
 * A daemon that answers with its pid and what it was started with. Its arguments are the data directory, its build, and
 * a file: where one is named it opens its state only when that file is there.
 */
import { existsSync } from "node:fs";
import { runDaemon } from "@scope/handoff/daemon";

const [dataDir, buildId = "first", gate] = Deno.args;

await runDaemon({
  dataDir,
  buildId,
  listen: { http: "127.0.0.1:0" },
  open: async () => {
    while (gate !== undefined && !existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 5));
    return { [Symbol.dispose]() {} };
  },
  fetch: () => {
    const left = Object.keys(Deno.env.toObject()).filter((name) => /^(LISTEN_|NOTIFY_|WATCHDOG_|HANDOFF_)/.test(name));
    return Response.json({ pid: Deno.pid, ppid: Deno.ppid, build: buildId, left });
  },
  onEvent: (event) => console.log(JSON.stringify({ event: event.type, ...event })),
});
