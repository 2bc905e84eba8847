import type { ServerResponse } from "node:http";
import { FastResponse, type NodeResponse, sendNodeResponse } from "srvx";

/**
 * Sends `response`. Throws, or rejects, where that fails before anything is sent. Most answers are short: those go out in
 * one packet, with their length; srvx sends the others.
 */
export function sendResponse(answer: ServerResponse, response: Response): Promise<void> | undefined {
  // Not a look at its properties before this: a FastResponse becomes a Response by it.
  return "_toNodeResponse" in response ? sendFast(answer, response as NodeResponse) : sendNative(answer, response);
}

function sendFast(answer: ServerResponse, response: NodeResponse): Promise<void> | undefined {
  const prepared = response._toNodeResponse();
  const { status, statusText, headers, body } = prepared;
  const isWhole = body === undefined || body === null || typeof body === "string" || body instanceof Uint8Array;
  if (!isWhole || statusText !== "") {
    return sendNodeResponse(answer, { _toNodeResponse: () => prepared } as unknown as NodeResponse);
  }
  answer.writeHead(status, headers);
  answer.end(body);
}

/**
 * Of the runtime's own `Response` we see but a stream, although most are made of a string. Where the stream ends with its
 * first chunk, that is the whole body.
 */
async function sendNative(answer: ServerResponse, response: Response): Promise<void> {
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
