/** Answers "ok", as the others do: `hello_daemon.ts DIR [--die-in-open FILE]`. */
import { runDaemon } from "../../../daemon.ts";

const [dataDir, die, file] = Deno.args;

await runDaemon({
  dataDir: dataDir!,
  listen: { http: "127.0.0.1:0" },
  open: () => {
    if (die !== undefined) {
      Deno.writeTextFileSync(file!, String(performance.timeOrigin + performance.now()));
      Deno.kill(Deno.pid, "SIGKILL");
    }
    return { [Symbol.dispose]: () => {} };
  },
  fetch: () => new Response("ok"),
});
