import { assert, assertEquals } from "@std/assert";
import { claim } from "../../../support/claim.ts";
import { until } from "../../../support/patience.ts";
import { Gate } from "./gate.ts";
import { requestFor } from "./raw_client.ts";
import { Listener, Served } from "./served.ts";

for (const passOn of [true, false]) {
  const how = passOn ? "that passes connections on" : "that does not pass connections on";

  claim(
    `a fetch that is still pending at the deadline of a drain ${how} has its signal aborted and is reported`,
    async () => {
      using listener = new Listener();
      const gate = new Gate();
      let signal: AbortSignal | undefined;
      await using served = await Served.start(listener, {
        fetch: async (request) => {
          signal = request.signal;
          return await gate.handler("late")();
        },
      });
      using client = await listener.connect();
      await client.send(requestFor("/slow?secret"));
      await gate.entered(1);
      const { cut, pending } = await served.drain({ passOn, until: AbortSignal.abort() });
      assertEquals(cut, []);
      assertEquals(pending.map(({ method, path }) => [method, path]), [["GET", "/slow"]]);
      assert(pending[0].ageMs >= 1000);
      assertEquals(signal?.aborted, true);
      // The drain has failed, so the answer is still wanted.
      await served.resume();
      gate.open();
      assertEquals((await client.answer()).body, "late");
    },
  );

  claim(`a fetch that gives up when it is aborted is answered with 503 by a drain ${how}`, async () => {
    using listener = new Listener();
    let entered = false;
    await using served = await Served.start(listener, {
      fetch: ({ signal }) => {
        entered = true;
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    using client = await listener.connect();
    await client.send(requestFor("/"));
    await until(() => entered, "the request reaches the handler");
    const drained = served.drain({ passOn, until: AbortSignal.abort() });
    const answer = await client.answer();
    assertEquals([answer.status, answer.headers.get("connection")], [503, "close"]);
    assertEquals((await drained).pending, []);
    assertEquals(served.errors, []);
  });

  claim(
    `a drain ${how} waits for a fetch whose client has gone, and reports it when it is pending at the deadline`,
    async () => {
      using listener = new Listener();
      const gate = new Gate();
      let gone: AbortSignal | undefined;
      await using served = await Served.start(listener, {
        fetch: (request) => {
          gone = request.signal;
          return gate.handler("for nobody")();
        },
      });
      const client = await listener.connect();
      await client.send(requestFor("/writes"));
      await gate.entered(1);
      client[Symbol.dispose]();
      await until(() => gone?.aborted === true, "the service notices that the client has gone");
      const { openConnections, cut, pending } = await served.drain({ passOn, until: AbortSignal.abort() });
      assertEquals([openConnections, cut, pending.map(({ path }) => path)], [0, [], ["/writes"]]);
      await served.resume();
      const drained = served.drain({ passOn });
      gate.open();
      assertEquals(await drained, { openConnections: 0, cut: [], pending: [] });
    },
  );

  claim(`half a request is cut and reported at the deadline of a drain ${how}`, async () => {
    using listener = new Listener();
    await using served = await Served.start(listener, { fetch: async (request) => new Response(await request.text()) });
    using client = await listener.connect();
    await client.ask("/");
    await client.send("GET /half HTTP/1.1\r\nHost:");
    using witness = await listener.connect();
    await witness.ask("/");
    const deadline = new AbortController();
    const drained = served.drain({ passOn, until: deadline.signal, graceMs: 1_000_000 });
    deadline.abort();
    const { cut } = await drained;
    assertEquals(cut.map(({ method, path }) => [method, path]), [["", ""]]);
    assertEquals(await client.end(), "");
  });

  claim(`a response that its client does not read is cut and reported at the deadline of a drain ${how}`, async () => {
    using listener = new Listener();
    const chunk = new Uint8Array(1024 * 1024);
    let cancelled = false;
    await using served = await Served.start(listener, {
      fetch: () =>
        new Response(
          new ReadableStream({ pull: (source) => source.enqueue(chunk), cancel: () => void (cancelled = true) }),
        ),
    });
    using client = await listener.connect();
    await client.send(requestFor("/endless", { method: "POST" }));
    await client.read(1);
    const { cut, pending, openConnections } = await served.drain({ passOn, until: AbortSignal.abort() });
    assertEquals([cut.map(({ method, path }) => [method, path]), pending], [[["POST", "/endless"]], []]);
    assertEquals(openConnections, 0);
    await until(() => cancelled, "the stream is cancelled");
  });

  claim(`an event stream that ends when draining fires ends cleanly in a drain ${how}`, async () => {
    using listener = new Listener();
    await using served = await Served.start(listener, {
      fetch: (_request, { draining }) =>
        new Response(
          new ReadableStream({
            start(source) {
              source.enqueue(new TextEncoder().encode("data: 1\n\n"));
              draining.addEventListener("abort", () => source.close());
            },
          }),
        ),
    });
    using client = await listener.connect();
    const answered = client.ask("/events");
    await until(() => client.hasRead, "the stream begins");
    const drained = served.drain({ passOn });
    assertEquals((await answered).body, "data: 1\n\n");
    // It was told to keep the connection when the stream began, so that is closed when it is idle for the grace.
    if (!passOn) client[Symbol.dispose]();
    assertEquals((await drained).cut, []);
  });
}
