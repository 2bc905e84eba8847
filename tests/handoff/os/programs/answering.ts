// Answers each connection to the listener that it finds as descriptor 3, until its standard input ends.
import { createServer } from "node:net";

const server = createServer((socket) => void socket.end("answered"));
server.listen({ fd: 3 });
for await (const _ of Deno.stdin.readable);
Deno.exit();
