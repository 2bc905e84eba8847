import { BrokenConnectionError, HttpConnection } from "../load/http_connection.ts";
import { post, type RequestRecord } from "../load/client.ts";

/** What the clients of a tortured daemon saw: what was acknowledged, what failed, and who was refused. */
export interface Experience {
  readonly requests: RequestRecord[];
  /** When a connection was refused, in milliseconds since the Unix epoch: a listener that nobody had. */
  readonly refused: number[];
}

/** Posts entries, going on after failures, until it is told to stop. */
export async function patronize(
  { name, address, thinkMs, experience }: {
    readonly name: string;
    readonly address: Deno.ConnectOptions;
    readonly thinkMs: number;
    readonly experience: Experience;
  },
  stop: AbortSignal,
): Promise<void> {
  let connection: HttpConnection | undefined;
  for (let n = 0; !stop.aborted; n++) {
    const record = { client: name, text: `${name}:${n}`, startedAt: now() };
    try {
      connection ??= await HttpConnection.open(address);
      const closer = stoppable(connection, stop);
      const { id, close } = await post(connection, record.text).finally(closer);
      experience.requests.push({ ...record, ms: now() - record.startedAt, id });
      if (close) connection = void connection[Symbol.dispose]();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) experience.refused.push(now());
      const broken = error instanceof BrokenConnectionError || error instanceof Deno.errors.ConnectionRefused;
      experience.requests.push({
        ...record,
        ms: now() - record.startedAt,
        failure: broken ? error.message : String(error),
      });
      connection = void connection?.[Symbol.dispose]();
    }
    await new Promise((resolve) => setTimeout(resolve, thinkMs));
  }
  connection?.[Symbol.dispose]();
}

/** A request that nobody will ever answer must not keep the torture from its end. */
function stoppable(connection: HttpConnection, stop: AbortSignal): () => void {
  const close = () => connection[Symbol.dispose]();
  stop.addEventListener("abort", close);
  return () => stop.removeEventListener("abort", close);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
