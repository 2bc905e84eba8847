import { assertEquals } from "@std/assert";
import { claim } from "../../../support/claim.ts";
import { until } from "../../../support/patience.ts";
import { rawDescriptorOf } from "../../../support/raw_descriptor.ts";
import { TempDir } from "../../../support/temp_dir.ts";
import { requestFor } from "./raw_client.ts";
import { Gate } from "./gate.ts";
import { Listener, Served } from "./served.ts";

claim("an idle connection is answered by the successor after it was passed on", async () => {
  using listener = new Listener();
  await using incumbent = await Served.start(listener, { fetch: () => new Response("incumbent") });
  using client = await listener.connect();
  assertEquals((await client.ask("/")).body, "incumbent");

  const report = await incumbent.drain();
  assertEquals(report, { openConnections: 1, cut: [], pending: [] });
  await using successor = await Served.start(listener, { fetch: () => new Response("successor") });
  incumbent.passTo(successor);
  assertEquals((await client.ask("/")).body, "successor");
});

for (
  const [what, { method, status }] of Object.entries({
    "HEAD": { method: "HEAD", status: 200 },
    "a response of status 204": { method: "GET", status: 204 },
    "a response of status 304": { method: "GET", status: 304 },
  })
) {
  claim(`after ${what} the connection moves, and its next request is answered`, async () => {
    using listener = new Listener();
    const body = status === 200 ? "incumbent" : null;
    await using incumbent = await Served.start(listener, { fetch: () => new Response(body, { status }) });
    using client = await listener.connect();
    assertEquals((await client.ask("/", { method })).status, status);
    assertEquals((await incumbent.drain()).openConnections, 1);
    await using successor = await Served.start(listener, { fetch: () => new Response("successor") });
    incumbent.passTo(successor);
    assertEquals((await client.ask("/")).body, "successor");
  });
}

claim(
  "a client that waits for 100 Continue when the drain begins is answered before its connection moves",
  async () => {
    using listener = new Listener();
    let entered = false;
    const echo = async (request: Request): Promise<Response> => {
      entered = true;
      return new Response(await request.text());
    };
    await using incumbent = await Served.start(listener, { fetch: echo });
    using client = await listener.connect();
    await client.send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    assertEquals((await client.answer()).status, 100);
    await until(() => entered, "the handler waits for the body");
    const drained = incumbent.drain();
    await client.send("4\r\nbody\r\n");
    await client.send("0\r\n\r\n");
    assertEquals((await client.answer()).body, "body");
    assertEquals(await drained, { openConnections: 1, cut: [], pending: [] });
    await using successor = await Served.start(listener, { fetch: () => new Response("successor") });
    incumbent.passTo(successor);
    assertEquals((await client.ask("/")).body, "successor");
  },
);

claim("a connection that has sent nothing yet is passed on", async () => {
  using listener = new Listener();
  await using incumbent = await Served.start(listener, { fetch: () => new Response("incumbent") });
  using other = await listener.connect();
  using fresh = await listener.connect();
  // Accepted in order: when the other one has an answer, the fresh one may still be in the queue.
  await other.ask("/");
  await incumbent.drain();
  await using successor = await Served.start(listener, { fetch: () => new Response("successor") });
  incumbent.passTo(successor);
  assertEquals((await fresh.ask("/")).body, "successor");
});

claim("what a client sends while its connection is paused is answered by the successor", async () => {
  using listener = new Listener();
  await using incumbent = await Served.start(listener, { fetch: () => new Response("incumbent") });
  using client = await listener.connect();
  await client.ask("/");
  await incumbent.drain();
  await client.send(requestFor("/1") + requestFor("/2") + requestFor("/3").slice(0, 10));
  await using successor = await Served.start(listener, { fetch: ({ url }) => new Response(new URL(url).pathname) });
  incumbent.passTo(successor);
  assertEquals((await client.answer()).body, "/1");
  assertEquals((await client.answer()).body, "/2");
  await client.send(requestFor("/3").slice(10));
  assertEquals((await client.answer()).body, "/3");
});

claim("the last answer before a connection is passed on does not ask the client to close it", async () => {
  using listener = new Listener();
  const gate = new Gate();
  await using incumbent = await Served.start(listener, { fetch: gate.handler("incumbent") });
  using client = await listener.connect();
  await client.send(requestFor("/"));
  await gate.entered(1);
  const drained = incumbent.drain();
  gate.open();
  const answer = await client.answer();
  assertEquals(answer.body, "incumbent");
  assertEquals(answer.headers.get("connection"), "keep-alive");
  assertEquals((await drained).openConnections, 1);
  await using successor = await Served.start(listener, { fetch: () => new Response("successor") });
  incumbent.passTo(successor);
  assertEquals((await client.ask("/")).body, "successor");
});

for (const at of [1, 20, 70]) {
  claim(
    `a request of which ${at} bytes had arrived when the drain began is finished before its connection moves`,
    async () => {
      using listener = new Listener();
      await using incumbent = await Served.start(listener, {
        fetch: async (request) => new Response(await request.text()),
      });
      using client = await listener.connect();
      await client.ask("/");
      const request = requestFor("/", { method: "POST", body: "the body" });
      await client.send(request.slice(0, at));
      using witness = await listener.connect();
      // One event loop serves both, in the order of arrival: when this is answered, those bytes have been read.
      await witness.ask("/");

      const drained = incumbent.drain();
      await client.send(request.slice(at));
      assertEquals((await client.answer()).body, "the body");
      assertEquals((await drained).openConnections, 2);
    },
  );
}

claim("pipelined requests are all answered before their connection moves", async () => {
  using listener = new Listener();
  const gate = new Gate();
  await using incumbent = await Served.start(listener, { fetch: gate.handler("incumbent") });
  using client = await listener.connect();
  await client.send(requestFor("/1") + requestFor("/2") + requestFor("/3"));
  await gate.entered(3);
  const drained = incumbent.drain();
  gate.open();
  for (let i = 0; i < 3; i++) assertEquals((await client.answer()).body, "incumbent");
  assertEquals(await drained, { openConnections: 1, cut: [], pending: [] });
});

claim(
  "a request that was answered before its body had arrived is read to its end before its connection moves",
  async () => {
    using listener = new Listener();
    await using incumbent = await Served.start(listener, { fetch: () => new Response("no need to read that") });
    using client = await listener.connect();
    await client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nthe ");
    assertEquals((await client.answer()).status, 200);
    let isOver = false;
    const drained = incumbent.drain().finally(() => isOver = true);
    using witness = await listener.connect();
    await using successor = await Served.start(listener, { fetch: () => new Response("successor") });
    await witness.ask("/");
    assertEquals(isOver, false);
    await client.send("body");
    await drained;
    incumbent.passTo(successor);
    assertEquals((await client.ask("/")).body, "successor");
  },
);

claim(
  "a connection whose client asked to close it is closed after its answer, and does not hold up the drain",
  async () => {
    using listener = new Listener();
    const gate = new Gate();
    await using incumbent = await Served.start(listener, { fetch: gate.handler("incumbent") });
    using client = await listener.connect();
    await client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    await gate.entered(1);
    const drained = incumbent.drain();
    gate.open();
    await client.answer();
    assertEquals(await client.end(), "");
    assertEquals((await drained).openConnections, 0);
  },
);

claim("a drain stops accepting at once, and who connects then waits for the successor", async () => {
  using listener = new Listener();
  await using incumbent = await Served.start(listener, { fetch: () => new Response("incumbent") });
  await incumbent.drain();
  const asked = listener.clients(50).then((clients) =>
    Promise.all(clients.map(async (client) => {
      using _client = client;
      return (await client.ask("/")).body;
    }))
  );
  await using _successor = await Served.start(listener, { fetch: () => new Response("successor") });
  assertEquals(new Set(await asked), new Set(["successor"]));
});

claim("after a resume every connection that was not given away is answered, with what came meanwhile", async () => {
  using listener = new Listener();
  await using incumbent = await Served.start(listener, { fetch: ({ url }) => new Response(new URL(url).pathname) });
  const clients = await listener.clients(20);
  for (const client of clients) await client.ask("/");
  await incumbent.drain();
  await Promise.all(clients.map((client) => client.send(requestFor("/meanwhile"))));
  await incumbent.resume();
  for (const client of clients) {
    using _client = client;
    assertEquals((await client.answer()).body, "/meanwhile");
    assertEquals((await client.ask("/then")).body, "/then");
  }
  using newcomer = await listener.connect();
  assertEquals((await newcomer.ask("/new")).body, "/new");
});

claim("a drain that is resumed before it is over ends, and pauses nothing more", async () => {
  using listener = new Listener();
  const gate = new Gate();
  await using incumbent = await Served.start(listener, { fetch: gate.handler("incumbent") });
  using client = await listener.connect();
  await client.send(requestFor("/"));
  await gate.entered(1);
  const drained = incumbent.drain();
  await incumbent.resume();
  await drained;
  gate.open();
  assertEquals((await client.answer()).body, "incumbent");
  assertEquals((await client.ask("/")).body, "incumbent");
  assertEquals(incumbent.service.paused(), []);
});

claim("a thousand connections leave no descriptor behind, neither where they were nor where they went", async () => {
  using listener = new Listener();
  await using one = await Served.start(listener, { fetch: () => new Response("one") });
  await using other = await Served.start(listener, { fetch: () => new Response("other") });
  await other.drain();
  // The first connection makes the runtime open descriptors that it keeps.
  await moveThereAndBack(listener, { one, other, count: 1 });
  const before = openDescriptors();
  await moveThereAndBack(listener, { one, other, count: 1000 });
  // Other tests of this process open some, too, but not as many.
  await until(() => openDescriptors() < before + 500, "the descriptors are those of before");
});

interface Moves {
  readonly one: Served;
  readonly other: Served;
  readonly count: number;
}

async function moveThereAndBack(listener: Listener, { one, other, count }: Moves): Promise<void> {
  const clients = await listener.clients(count);
  for (const [from, to, name] of [[one, other, "other"], [other, one, "one"]] as const) {
    await Promise.all(clients.map((client) => client.ask("/")));
    assertEquals((await from.drain()).openConnections, count);
    from.passTo(to);
    assertEquals(from.service.paused(), []);
    await to.resume();
    const answers = await Promise.all(clients.map((client) => client.ask("/")));
    assertEquals(new Set(answers.map(({ body }) => body)), new Set([name]));
  }
  for (const client of clients) client[Symbol.dispose]();
}

claim("a descriptor that is no socket is closed when it is refused", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, { fetch: () => new Response() });
  using folder = new TempDir();
  const path = folder.join("file");
  Deno.writeTextFileSync(path, "");
  const fd = rawDescriptorOf(path);
  let refused = false;
  try {
    served.service.adopt(fd);
  } catch {
    refused = true;
  }
  assertEquals([refused, leadsTo(fd, path)], [true, false]);
});

function leadsTo(fd: number, path: string): boolean {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${fd}`) === path;
  } catch {
    return false;
  }
}

function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
