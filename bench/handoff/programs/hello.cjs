// What pm2's manual calls a graceful reload: on SIGINT, close the server and exit.
const server = require("node:http").createServer((_request, response) => response.end("ok"));
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGINT", () => server.close(() => process.exit(0)));
