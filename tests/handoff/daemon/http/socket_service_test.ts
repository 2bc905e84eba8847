import { assertEquals } from "@std/assert";
import type { ConnectionHandler } from "../../../../handoff/daemon/service.ts";
import { claim } from "../../../support/claim.ts";
import { Listener, Served } from "./served.ts";

claim("a connection handler gets the socket, the state, the client's address and the signal of the drain", async () => {
  using listener = new Listener();
  await using served = await Served.start(
    listener,
    options((socket, { state, remoteAddr, draining }) => {
      socket.write(JSON.stringify({ state, remoteAddr }) + "\n");
      draining.addEventListener("abort", () => socket.end("bye"));
    }),
    { state: "the state" },
  );
  using client = await listener.connect();
  const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: client.port };
  const expected = JSON.stringify({ state: "the state", remoteAddr }) + "\n";
  assertEquals(await client.read(expected.length), expected);
  const drained = served.drain();
  assertEquals(await client.end(), "bye");
  client[Symbol.dispose]();
  assertEquals(await drained, { openConnections: 0, cut: [], pending: [] });
});

claim("a connection that is open at the deadline is cut and reported", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, options((socket) => void socket.write("hello")));
  using client = await listener.connect();
  await client.read(5);
  const { openConnections, cut, pending } = await served.drain({ until: AbortSignal.abort() });
  assertEquals([openConnections, cut.length, pending], [0, 1, []]);
  assertEquals(await client.end(), "");
});

claim(
  "a connection handler that has not returned a second after its connection was cut is reported as pending",
  async () => {
    using listener = new Listener();
    const forever = Promise.withResolvers<void>();
    await using served = await Served.start(
      listener,
      options(async (socket) => {
        socket.write("hello");
        await forever.promise;
      }),
    );
    using client = await listener.connect();
    await client.read(5);
    const { openConnections, cut, pending } = await served.drain({ until: AbortSignal.abort() });
    assertEquals([openConnections, cut.length, pending.length], [0, 1, 1]);
    forever.resolve();
  },
);

claim("a connection handler that throws is reported, its connection is closed, and the service goes on", async () => {
  using listener = new Listener();
  let calls = 0;
  await using served = await Served.start(
    listener,
    options((socket) => {
      if (++calls === 1) throw new Error("broken");
      socket.end("fine");
    }),
  );
  using first = await listener.connect();
  assertEquals(await first.end(), "");
  assertEquals(served.errors.map(({ doing }) => doing), ["Cannot serve a connection of raw"]);
  using second = await listener.connect();
  assertEquals(await second.end(), "fine");
});

claim("after a resume connections are accepted, and those of before go on", async () => {
  using listener = new Listener();
  await using served = await Served.start(
    listener,
    options((socket) => void socket.on("data", (bytes) => socket.write(bytes))),
  );
  using old = await listener.connect();
  await old.send("old");
  await old.read(3);
  const drained = served.drain();
  await served.resume();
  assertEquals((await drained).openConnections, 1);
  using young = await listener.connect();
  for (const client of [old, young]) {
    await client.send("echo");
    assertEquals(await client.read(4), "echo");
  }
});

claim("a service of raw connections moves none, and closes one that it is given", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, options(() => {}));
  const { service } = served;
  assertEquals([service.movable, service.paused()], [false, []]);
  const before = copiesOf(listener.fd);
  const fd = listener.os.duplicate(listener.fd);
  let message = "";
  try {
    service.adopt(fd);
  } catch (error) {
    message = String(error);
  }
  assertEquals(message, "Error: Cannot adopt a connection for raw: its connections are not moved");
  assertEquals(copiesOf(listener.fd), before);
});

function options(connection: ConnectionHandler<string>) {
  return { listeners: { raw: { connection } } };
}

/** How many descriptors lead to the same socket: other tests of this process have descriptors of their own. */
function copiesOf(fd: number): number {
  const socket = linkOf(String(fd));
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => linkOf(name) === socket).length;
}

function linkOf(fd: string): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}
