import type { ServerResponse } from "node:http";
import { FastResponse, sendNodeResponse } from "srvx";

/**
 * Sends `response`. srvx does that, and knows the length of what a `FastResponse` was made of; of the runtime's own
 * `Response` it sees but a stream, although most are made of a string. Where the stream ends with its first chunk, that
 * is the whole body: it goes out with its length and in one packet.
 */
export function sendResponse(answer: ServerResponse, response: Response): Promise<void> {
  // Not a look at its properties before this: a FastResponse becomes a Response by it.
  return "_toNodeResponse" in response ? sendNodeResponse(answer, response) : sendStream(answer, response);
}

async function sendStream(answer: ServerResponse, response: Response): Promise<void> {
  const { status, statusText, headers, body } = response;
  if (body === null || headers.has("content-length")) return await sendNodeResponse(answer, response);
  const reader = body.getReader();
  let closed = false;
  reader.closed.then(() => closed = true, () => {});
  const { done, value } = await reader.read();
  // A stream that holds nothing more is closed by the read that takes its last chunk: after this turn, we know.
  if (!done) await null;
  if (!done && !closed) {
    return await sendNodeResponse(answer, new FastResponse(continued(reader, value), { status, statusText, headers }));
  }
  if (answer.destroyed) return;
  const lines = ["content-length", String(value?.byteLength ?? 0)];
  for (const [name, line] of headers) lines.push(name, line);
  answer.writeHead(status, statusText, lines);
  answer.end(value);
}

/** The stream that `reader` was taken from, with its first chunk put back. */
function continued(reader: ReadableStreamDefaultReader<Uint8Array>, first: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (source) => source.enqueue(first),
    async pull(source) {
      const { done, value } = await reader.read();
      if (done) source.close();
      else source.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
