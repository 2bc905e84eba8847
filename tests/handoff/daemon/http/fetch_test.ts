import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { FastResponse } from "srvx";
import type { FetchHandler } from "../../../../handoff/daemon/service.ts";
import { claim } from "../../../support/claim.ts";
import { until } from "../../../support/patience.ts";
import { type RawClient, requestFor } from "./raw_client.ts";
import { Listener, Served } from "./served.ts";

const BYTES = new TextEncoder().encode("four");

claim("fetch gets the state, the client's address and the signal of the drain", async () => {
  const contexts: unknown[] = [];
  await serving(async (_request, { state, remoteAddr, draining }) => {
    contexts.push({ state, remoteAddr, aborted: draining.aborted });
    return await Promise.resolve(new Response());
  }, async ({ client }) => {
    await client.ask("/");
    const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: client.port };
    assertEquals(contexts, [{ state: "the state", remoteAddr, aborted: false }]);
  });
});

claim("fetch gets the request: method, URL, headers and body", async () => {
  const handler = async (request: Request): Promise<Response> =>
    Response.json([request.method, request.url, request.headers.get("x-a"), await request.text()]);
  await serving(handler, async ({ client }) => {
    await client.send("PUT /p?q=1 HTTP/1.1\r\nHost: example.org\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody");
    assertEquals(JSON.parse((await client.answer()).body), ["PUT", "http://example.org/p?q=1", "b", "body"]);
  });
});

claim("a body is received while it is being sent, and a response is sent while it is being made", async () => {
  const echo = ({ body }: Request): Response => new Response(body);
  await serving(echo, async ({ client }) => {
    await client.send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    await client.send("3\r\none\r\n");
    assert((await client.read("HTTP/1.1 200".length)).startsWith("HTTP/1.1 200"));
    let received = "";
    while (!received.includes("one")) received += await client.read(1);
    await client.send("3\r\ntwo\r\n0\r\n\r\n");
    while (!received.includes("two")) received += await client.read(1);
  });
});

for (const [kind, make] of [["Response", Response], ["FastResponse", FastResponse]] as const) {
  claim(`a ${kind} made of a string is sent with its length`, async () => {
    await serving(() => new make("four"), async ({ client }) => {
      const { headers, body } = await client.ask("/");
      assertEquals([headers.get("content-length"), headers.get("transfer-encoding"), body], ["4", null, "four"]);
    });
  });

  claim(`a ${kind} is sent with its status, its text and its headers`, async () => {
    const init = { status: 418, statusText: "Short and stout", headers: { "x-a": "b" } };
    await serving(({ url }) => new make("pot", url.endsWith("/plain") ? undefined : init), async ({ client }) => {
      await client.send(requestFor("/"));
      const line = "HTTP/1.1 418 Short and stout";
      assertEquals(await client.read(line.length), line);
      const { headers, body } = await client.answer();
      assertEquals([headers.get("x-a"), body], ["b", "pot"]);
    });
  });

  claim(`a ${kind} without a text of its status gets the usual one, be it a string, bytes or a stream`, async () => {
    const body = (path: string): BodyInit | null => {
      if (path === "/stream") return new ReadableStream({ start: (source) => source.enqueue(BYTES) });
      return { "/bytes": BYTES, "/string": "four" }[path] ?? null;
    };
    const handler = ({ url }: Request): Response => {
      const { pathname, searchParams } = new URL(url);
      return new make(body(pathname), { status: Number(searchParams.get("status")) });
    };
    await serving(handler, async ({ client, listener }) => {
      for (const [status, text] of [[200, "OK"], [418, "I'm a Teapot"], [599, "unknown"]]) {
        for (const path of ["/string", "/bytes", "/nothing"]) {
          await client.send(requestFor(`${path}?status=${status}`));
          const line = `HTTP/1.1 ${status} ${text}`;
          assertEquals(await client.read(line.length), line);
          assertEquals((await client.answer()).body, path === "/nothing" ? "" : "four");
        }
        using stream = await listener.connect();
        await stream.send(requestFor(`/stream?status=${status}`));
        assertEquals(await stream.read(`HTTP/1.1 ${status} ${text}`.length), `HTTP/1.1 ${status} ${text}`);
      }
    });
  });

  claim(`a ${kind} of every byte there is arrives as it was made`, async () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index);
    const handler = ({ url }: Request): Response => new make(bytes.subarray(3, Number(new URL(url).search.slice(1))));
    await serving(handler, async ({ listener }) => {
      for (const end of [3, 300, bytes.length]) {
        const answer = await fetch(`http://127.0.0.1:${listener.port}/?${end}`, { headers: { connection: "close" } });
        assertEquals(new Uint8Array(await answer.arrayBuffer()), bytes.slice(3, end));
      }
    });
  });

  claim(
    `a ${kind} with a header that HTTP does not allow is answered with 500`,
    async () => {
      await serving(() => new make("x", { headers: { "x-a": "a\nb" } }), async ({ client }) => {
        assertEquals((await client.ask("/")).status, 500);
        assertEquals((await client.ask("/")).status, 500);
      });
    },
  );

  claim(`a ${kind} made of a stream, of bytes and of nothing is sent whole`, async () => {
    const bodies: Readonly<Record<string, () => BodyInit | null>> = {
      "/stream": () => new Response("some").body,
      "/bytes": () => new TextEncoder().encode("some"),
      "/nothing": () => null,
    };
    await serving(({ url }) => new make(bodies[new URL(url).pathname]()), async ({ client }) => {
      for (const path of Object.keys(bodies)) {
        assertEquals((await client.ask(path)).body, path === "/nothing" ? "" : "some");
      }
    });
  });

  claim(`HEAD is answered with the headers of a ${kind} and without its body`, async () => {
    await serving(() => new make("four", { headers: { "x-a": "b" } }), async ({ client }) => {
      const answer = await client.ask("/", { method: "HEAD" });
      assertEquals([answer.status, answer.headers.get("x-a")], [200, "b"]);
      assertEquals((await client.ask("/")).body, "four");
    });
  });
}

claim("a response without a body keeps its status and headers, each Set-Cookie for itself", async () => {
  const headers = [["set-cookie", "a=1"], ["set-cookie", "b=2"]] as [string, string][];
  await serving(() => new Response(null, { status: 204, headers }), async ({ client }) => {
    const answer = await client.ask("/");
    assertEquals([answer.status, answer.headers.getSetCookie()], [204, ["a=1", "b=2"]]);
  });
});

claim("a Response that was read, or that somebody reads, is not sent a second time", async () => {
  const handler = async ({ url }: Request): Promise<Response> => {
    const response = new Response("four");
    if (url.endsWith("/read")) await response.text();
    else response.body!.getReader();
    return response;
  };
  await serving(handler, async ({ client, served }) => {
    assertEquals([(await client.ask("/read")).status, (await client.ask("/locked")).status], [500, 500]);
    assertEquals(served.errors.map(({ error }) => (error as Error).name), ["TypeError", "TypeError"]);
  });
});

claim("a response that announces another one is no answer", async () => {
  await serving(() => new FastResponse(null, { status: 103, headers: { "x-a": "b" } }), async ({ client, served }) => {
    const { status, headers } = await client.ask("/");
    assertEquals([status, headers.get("x-a")], [500, null]);
    assertEquals(served.errors.map(({ error }) => String(error)), [
      "RangeError: fetch returned a Response of status 103: it must be from 200 to 999",
    ]);
  });
});

const FAILURES: Readonly<Record<string, { readonly handler: () => unknown; readonly says: string }>> = {
  "throws": { handler: () => crash(), says: "broken" },
  "rejects": { handler: () => Promise.reject(new Error("broken")), says: "broken" },
  "returns nothing": { handler: () => {}, says: "fetch returned undefined: it must return a Response" },
  "resolves to null": { handler: () => Promise.resolve(null), says: "fetch returned null: it must return a Response" },
  "returns a string": { handler: () => "text", says: "fetch returned text: it must return a Response" },
};
for (const [how, { handler, says }] of Object.entries(FAILURES)) {
  claim(`a fetch that ${how} is answered with 500, reported, and the connection goes on`, async () => {
    await serving(handler as () => Response, async ({ client, served }) => {
      assertEquals((await client.ask("/path?secret")).status, 500);
      assertEquals((await client.ask("/")).status, 500);
      assertEquals(served.errors[0].doing, 'Cannot answer GET "/path"');
      assertInstanceOf(served.errors[0].error, Error);
      assertEquals(String(served.errors[0].error).replace(/^\w+: /, ""), says);
    });
  });
}

claim("a response whose stream fails midway is broken off, and the service goes on", async () => {
  let pulls = 0;
  const body = (): ReadableStream =>
    new ReadableStream({
      pull(source) {
        if (++pulls > 1) throw new Error("broken");
        source.enqueue(new TextEncoder().encode("some"));
      },
    }, { highWaterMark: 0 });
  await serving(({ url }) => new Response(url.endsWith("/ok") ? "ok" : body()), async ({ client, listener }) => {
    await assertRejects(() => client.ask("/"), Error, "ended");
    using other = await listener.connect();
    assertEquals((await other.ask("/ok")).body, "ok");
  });
});

claim("the request's signal is aborted when the client goes away", async () => {
  const aborted = Promise.withResolvers<void>();
  let entered = false;
  const handler = async ({ signal }: Request): Promise<Response> => {
    signal.addEventListener("abort", () => aborted.resolve());
    entered = true;
    await aborted.promise;
    return new Response();
  };
  await serving(handler, async ({ client }) => {
    await client.send(requestFor("/"));
    await until(() => entered, "the request reaches the handler");
    client[Symbol.dispose]();
    await aborted.promise;
  });
});

claim("a stream is cancelled when the client goes away", async () => {
  const cancelled = Promise.withResolvers<void>();
  const handler = (): Response =>
    new Response(
      new ReadableStream({
        start: (source) => source.enqueue(new TextEncoder().encode("some")),
        cancel: () => cancelled.resolve(),
      }),
    );
  await serving(handler, async ({ client }) => {
    await client.send(requestFor("/"));
    await client.read(1);
    client[Symbol.dispose]();
    await cancelled.promise;
  });
});

claim("the first part of a stream is sent before there is a second", async () => {
  const handler = (): Response =>
    new Response(new ReadableStream({ start: (source) => source.enqueue(new TextEncoder().encode("some")) }));
  await serving(handler, async ({ client }) => {
    await client.send(requestFor("/"));
    let received = "";
    while (!received.includes("some")) received += await client.read(1);
  });
});

claim("a request that is no HTTP is answered with 400, and the service goes on", async () => {
  await serving(() => new Response("ok"), async ({ client, listener }) => {
    await client.send("garbage\r\n\r\n");
    assertEquals((await client.answer()).status, 400);
    using other = await listener.connect();
    assertEquals((await other.ask("/")).body, "ok");
  });
});

interface Serving {
  readonly served: Served;
  readonly client: RawClient;
  readonly listener: Listener;
}

async function serving(fetch: FetchHandler<string>, test: (serving: Serving) => Promise<void>): Promise<void> {
  using listener = new Listener();
  await using served = await Served.start(listener, { fetch }, { state: "the state" });
  using client = await listener.connect();
  await test({ served, client, listener });
}

function crash(): never {
  throw new Error("broken");
}
