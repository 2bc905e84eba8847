import { assertEquals } from "@std/assert";
import type { UpgradeHandler } from "../../../../handoff/daemon/service.ts";
import { claim } from "../../../support/claim.ts";
import type { RawClient } from "./raw_client.ts";
import { Listener, Served } from "./served.ts";

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

/** Close, two bytes, 1012. */
const CLOSE_1012 = "\x88\x02\x03\xf4";

for (const passOn of [true, false]) {
  const how = passOn ? "that passes connections on" : "that does not pass connections on";

  claim(`a WebSocket that is open at the deadline of a drain ${how} is closed with 1012 and reported`, async () => {
    using listener = new Listener();
    await using served = await Served.start(listener, options((_request, socket) => void socket.write(SWITCHING)));
    using client = await upgraded(listener, "WebSocket");
    const { cut, openConnections } = await served.drain({ passOn, until: AbortSignal.abort() });
    assertEquals([cut.map(({ method, path }) => [method, path]), openConnections], [[["GET", "/socket"]], 0]);
    assertEquals(await client.end(), CLOSE_1012);
  });

  claim(
    `an upgraded connection of another protocol is cut without a word at the deadline of a drain ${how}`,
    async () => {
      using listener = new Listener();
      await using served = await Served.start(listener, options((_request, socket) => void socket.write(SWITCHING)));
      using client = await upgraded(listener, "other");
      await served.drain({ passOn, until: AbortSignal.abort() });
      assertEquals(await client.end(), "");
    },
  );

  claim(`a drain ${how} waits for an upgrade handler that ends its connection when draining fires`, async () => {
    using listener = new Listener();
    await using served = await Served.start(
      listener,
      options((_request, socket, _head, { draining }) => {
        socket.write(SWITCHING);
        draining.addEventListener("abort", () => socket.end("bye"));
      }),
    );
    using client = await upgraded(listener, "WebSocket");
    const drained = served.drain({ passOn });
    assertEquals(await client.end(), "bye");
    client[Symbol.dispose]();
    assertEquals(await drained, { openConnections: 0, cut: [], pending: [] });
  });
}

claim("an upgrade handler that throws is reported, its connection is closed, and the service goes on", async () => {
  using listener = new Listener();
  await using served = await Served.start(
    listener,
    options(() => {
      throw new Error("broken");
    }),
  );
  using client = await listener.connect();
  await client.send(upgradeRequest("WebSocket"));
  assertEquals(await client.end(), "");
  assertEquals(served.errors.map(({ doing }) => doing), ['Cannot upgrade "/socket"']);
  using other = await listener.connect();
  assertEquals((await other.ask("/")).body, "fetch");
});

claim("an upgraded connection that its client resets does not end the process", async () => {
  using listener = new Listener();
  const closed = Promise.withResolvers<void>();
  await using _served = await Served.start(
    listener,
    options((_request, socket) => {
      socket.on("close", () => closed.resolve());
      // The client has closed: the kernel answers the first write with a reset, and fails the next.
      const write = (): void => void socket.write("more", () => socket.destroyed || setImmediate(write));
      socket.on("end", write).resume();
      socket.write(SWITCHING);
    }),
  );
  const client = await upgraded(listener, "WebSocket");
  client[Symbol.dispose]();
  await closed.promise;
});

claim("without an upgrade handler fetch answers a request to upgrade", async () => {
  using listener = new Listener();
  await using _served = await Served.start(listener, { fetch: () => new Response("fetch") });
  using client = await listener.connect();
  await client.send(upgradeRequest("WebSocket"));
  assertEquals((await client.answer()).body, "fetch");
});

function options(upgrade: UpgradeHandler<string>) {
  return { listeners: { ws: { fetch: () => new Response("fetch"), upgrade } } };
}

async function upgraded(listener: Listener, protocol: string): Promise<RawClient> {
  const client = await listener.connect();
  await client.send(upgradeRequest(protocol));
  assertEquals(await client.read(SWITCHING.length), SWITCHING);
  return client;
}

function upgradeRequest(protocol: string): string {
  return `GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
}
