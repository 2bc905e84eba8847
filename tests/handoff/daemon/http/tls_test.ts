import { assertEquals } from "@std/assert";
import type { FetchHandler } from "../../../../handoff/daemon/service.ts";
import { claim } from "../../../support/claim.ts";
import { RawClient } from "./raw_client.ts";
import { Listener, Served } from "./served.ts";
import { AUTHORITY, CERTIFICATE, KEY } from "./certificate.ts";

claim("a listener with a certificate speaks HTTPS", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, options(({ url }) => new Response(url)));
  using client = await connect(listener);
  assertEquals((await client.ask("/path")).body, "https://localhost/path");
  assertEquals(served.service.movable, false);
});

claim("a connection under TLS is drained as by a lame duck, whatever was asked for", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, options(() => new Response("answer")));
  using client = await connect(listener);
  assertEquals((await client.ask("/")).headers.get("connection"), "keep-alive");
  const drained = served.drain({ passOn: true });
  assertEquals((await client.ask("/")).headers.get("connection"), "close");
  assertEquals(await client.end(), "");
  assertEquals(await drained, { openConnections: 0, cut: [], pending: [] });
});

claim("a client that speaks no TLS does not end the process", async () => {
  using listener = new Listener();
  await using _served = await Served.start(listener, options(() => new Response("answer")));
  using garbled = await listener.connect();
  await garbled.send("GET / HTTP/1.1\r\n\r\n");
  await garbled.end();
  using client = await connect(listener);
  assertEquals((await client.ask("/")).body, "answer");
});

function options(fetch: FetchHandler<string>) {
  return { listeners: { https: { fetch, tls: { cert: CERTIFICATE, key: KEY } } } };
}

async function connect({ port }: Listener): Promise<RawClient> {
  return new RawClient(await Deno.connectTls({ hostname: "localhost", port, caCerts: [AUTHORITY] }));
}
