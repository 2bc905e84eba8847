/** Answers "ok" by `runDaemon`, without a supervisor: `hello_alone.ts PORT DIR`. */
import { runDaemon } from "../../../daemon.ts";

await runDaemon({
  dataDir: Deno.args[1]!,
  listen: { http: `127.0.0.1:${Deno.args[0]}` },
  open: () => ({ [Symbol.dispose]: () => {} }),
  fetch: () => new Response("ok"),
  onEvent: ({ type }) => {
    if (type === "serving") console.log("listening");
  },
});
