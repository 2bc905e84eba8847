import { assertEquals } from "@std/assert";
import { claim } from "../../../support/claim.ts";
import { Gate } from "./gate.ts";
import { requestFor } from "./raw_client.ts";
import { Listener, Served } from "./served.ts";

/** Longer than any test: nothing in these may wait for it. */
const LONG_MS = 1_000_000;

claim("without the parts that moving takes, connections are not moved, and no request fails in a swap", async () => {
  using listener = new Listener();
  const options = (name: string) => ({ fetch: () => new Response(name) });
  await using incumbent = await Served.start(listener, options("incumbent"), {
    findParts: () => ({ missing: ["all"] }),
  });
  assertEquals(incumbent.service.movable, false);
  const stop = new AbortController();
  const load = Array.from({ length: 16 }, () => askUntil(stop.signal, listener));
  const first = await Promise.race(load.map((client) => client.began));
  assertEquals(first, "incumbent");

  const drained = await incumbent.drain({ graceMs: LONG_MS });
  assertEquals(drained, { openConnections: 0, cut: [], pending: [] });
  await using _successor = await Served.start(listener, options("successor"));
  await Promise.all(load.map((client) => client.reached("successor")));
  stop.abort();
  await Promise.all(load.map((client) => client.ended));
});

claim("a lame duck accepts until the connections of before are gone, and asks each client to close", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, { fetch: () => new Response("answer") });
  using old = await listener.connect();
  assertEquals((await old.ask("/")).headers.get("connection"), "keep-alive");
  const drained = served.drain({ passOn: false, graceMs: LONG_MS });
  using young = await listener.connect();
  assertEquals((await young.ask("/")).headers.get("connection"), "close");
  assertEquals(await young.end(), "");
  assertEquals((await old.ask("/")).headers.get("connection"), "close");
  assertEquals(await old.end(), "");
  assertEquals(await drained, { openConnections: 0, cut: [], pending: [] });
});

claim("an answer that was under way when a lame duck began asks the client to close", async () => {
  using listener = new Listener();
  const gate = new Gate();
  await using served = await Served.start(listener, { fetch: gate.handler("answer") });
  using client = await listener.connect();
  await client.send(requestFor("/"));
  await gate.entered(1);
  const drained = served.drain({ passOn: false, graceMs: LONG_MS });
  gate.open();
  assertEquals((await client.answer()).headers.get("connection"), "close");
  assertEquals(await client.end(), "");
  await drained;
});

claim("a lame duck closes what has been idle for the grace, and is over then", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, { fetch: () => new Response("answer") });
  using idle = await listener.connect();
  await idle.ask("/");
  assertEquals(await served.drain({ passOn: false, graceMs: 1 }), { openConnections: 0, cut: [], pending: [] });
  assertEquals(await idle.end(), "");
});

claim("a lame duck that is resumed serves its old connections and new ones without closing them", async () => {
  using listener = new Listener();
  await using served = await Served.start(listener, { fetch: () => new Response("answer") });
  using old = await listener.connect();
  await old.ask("/");
  const drained = served.drain({ passOn: false, graceMs: LONG_MS });
  await served.resume();
  assertEquals((await drained).openConnections, 1);
  using young = await listener.connect();
  for (const client of [old, young, old]) assertEquals((await client.ask("/")).headers.get("connection"), "keep-alive");
});

/** A client that keeps asking, and connects anew when it was told to. Rejects when a request fails. */
function askUntil(stop: AbortSignal, listener: Listener): {
  readonly began: Promise<string>;
  readonly ended: Promise<void>;
  reached(body: string): Promise<void>;
} {
  const began = Promise.withResolvers<string>();
  let wanted = { body: "", reached: () => {} };
  const ask = async (): Promise<void> => {
    while (!stop.aborted) {
      using client = await listener.connect();
      for (let closes = false; !closes && !stop.aborted;) {
        const { status, body, headers } = await client.ask("/");
        assertEquals(status, 200);
        began.resolve(body);
        if (body === wanted.body) wanted.reached();
        closes = headers.get("connection") === "close";
      }
    }
  };
  const ended = ask();
  ended.catch(began.reject);
  const reached = (body: string): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    wanted = { body, reached: resolve };
    return Promise.race([promise, ended]);
  };
  return { began: began.promise, ended, reached };
}
