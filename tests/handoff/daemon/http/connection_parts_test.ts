import { assert, assertEquals } from "@std/assert";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { findConnectionParts } from "../../../../handoff/daemon/connection_parts.ts";
import { claim } from "../../../support/claim.ts";
import { Listener, Served } from "./served.ts";

claim("this Deno has the undocumented parts that moving a connection takes", async () => {
  await withServers((servers) => {
    const parts = findConnectionParts(servers);
    assert(
      !("missing" in parts),
      `This Deno lacks ${"missing" in parts ? parts.missing : ""}: idle connections are closed in a swap, not moved. ` +
        "Look for their successors, and say in docs/handoff.md from which version on they are gone",
    );
  });
});

claim("each part that is missing is named", async () => {
  await withServers(({ listening }) => {
    assertEquals(findConnectionParts({ listening, http: {} }), { missing: ["ConnectionsList._active"] });
  });
  const nothing = { listening: {} as Server, http: {} };
  assertEquals(findConnectionParts(nothing), {
    missing: ["_handle.fdForIpc", "_handle.readStop", "_handle.readStart", "ConnectionsList._active"],
  });
});

claim("the descriptor of a paused connection is not inherited by child processes", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, { fetch: () => new Response() });
  using client = await listener.connect();
  await client.ask("/");
  await served.drain();
  const [{ id }] = served.service.paused();
  const fd = served.service.descriptorOf(id);
  const { stdout } = await new Deno.Command("ls", { args: ["/proc/self/fd"] }).output();
  listener.os.close(fd);
  assertEquals(new TextDecoder().decode(stdout).split("\n").includes(String(fd)), false);
});

async function withServers(test: (servers: { listening: Server; http: object }) => void): Promise<void> {
  const http = createHttpServer();
  http.emit("listening");
  const listening = createServer();
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  try {
    test({ listening, http });
  } finally {
    http.close();
    await new Promise((resolve) => listening.close(resolve));
  }
}
