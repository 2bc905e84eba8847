/** Answers "ok" on the port of the first argument until SIGTERM, which it obeys when all requests are answered. */
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
  reusePort: Deno.args.includes("--reuse-port"),
  onListen: () => console.log("listening"),
}, () => new Response("ok"));
Deno.addSignalListener("SIGTERM", () => server.shutdown());
await server.finished;
Deno.exit();
