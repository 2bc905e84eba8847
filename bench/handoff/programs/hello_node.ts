/** Answers "ok" by node:http alone, on the port of the first argument. */
import { createServer } from "node:http";

createServer((_request, response) => {
  response.end("ok");
}).listen(Number(Deno.args[0]), "127.0.0.1", () => console.log("listening"));
