import { assertEquals } from "@std/assert";
import { claim } from "../../../support/claim.ts";
import { until } from "../../../support/patience.ts";
import { requestFor } from "./raw_client.ts";
import { Listener, Served } from "./served.ts";

const MOVES = 20;
const CLIENTS = 16;

claim(
  "under load no request fails in twenty moves, none is answered twice, and no connection is opened anew",
  async () => {
    using listener = new Listener();
    const answered: string[] = [];
    const echo = async (request: Request): Promise<Response> => {
      const id = await request.text();
      await new Promise((resolve) => setImmediate(resolve));
      answered.push(id);
      return new Response(id);
    };
    await using one = await Served.start(listener, { fetch: echo });
    await using other = await Served.start(listener, { fetch: echo });
    await other.drain();

    const stop = new AbortController();
    const asked: string[] = [];
    const load = Array.from({ length: CLIENTS }, async (_, client) => {
      using connection = await listener.connect();
      for (let i = 0; !stop.signal.aborted; i++) {
        const id = `${client}-${i}`;
        asked.push(id);
        const request = requestFor("/", { method: "POST", body: id });
        // Some in two parts, so that a move comes between head and body, or in the middle of the head.
        const cut = i % 3 === 0 ? request.length : (i * 7) % request.length;
        await connection.send(request.slice(0, cut));
        if (cut < request.length) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          await connection.send(request.slice(cut));
        }
        assertEquals((await connection.answer()).body, id);
      }
    });
    const failed = Promise.all(load);

    const begun = (): Set<string> => new Set(answered.map((id) => id.split("-")[0]));
    await Promise.race([until(() => begun().size === CLIENTS, "each client has an answer"), failed]);
    for (let move = 0, [from, to] = [one, other]; move < MOVES; move++, [from, to] = [to, from]) {
      const before = answered.length;
      await Promise.race([until(() => answered.length > before + CLIENTS, "requests are answered"), failed]);
      const { openConnections, cut, pending } = await from.drain();
      assertEquals([openConnections, cut, pending], [CLIENTS, [], []]);
      await to.resume();
      from.passTo(to);
    }
    stop.abort();
    await failed;
    assertEquals(answered.toSorted(), asked.toSorted());
  },
);
