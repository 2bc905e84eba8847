import { Buffer } from "node:buffer";
import { type ServerResponse, STATUS_CODES } from "node:http";
import { type NodeResponse, sendNodeResponse } from "srvx";
import { staticBodyOf } from "./static_body.ts";

/**
 * Sends `response`. Throws, or rejects, where that fails before anything is sent. Most answers are short: those go out in
 * one packet, with their length; srvx sends the streams.
 */
export function sendResponse(answer: ServerResponse, response: Response): Promise<void> | undefined {
  // Not a look at its properties before this: a FastResponse becomes a Response by it.
  return "_toNodeResponse" in response ? sendFast(answer, response as NodeResponse) : sendNative(answer, response);
}

/** A status line and a header, its names and values by turns. */
interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly lines: readonly string[];
}

function sendFast(answer: ServerResponse, response: NodeResponse): Promise<void> | undefined {
  const { status, statusText, headers, body } = response._toNodeResponse();
  const head = { status, statusText, lines: headers as string[] };
  if (!isWhole(body)) return sendBody(answer, head, body);
  sendWhole(answer, head, body);
}

function sendNative(answer: ServerResponse, response: Response): Promise<void> | undefined {
  const { status, statusText } = response;
  const whole = staticBodyOf(response);
  const lines: string[] = [];
  // As a loop does, each Set-Cookie for itself, and five times as fast.
  response.headers.forEach((value, name) => lines.push(name, value));
  const head = { status, statusText, lines };
  if (whole === undefined) return sendStream(answer, head, response);
  if (!response.headers.has("content-length")) lines.push("content-length", String(Buffer.byteLength(whole)));
  sendWhole(answer, head, whole);
}

/**
 * Of the runtime's own `Response` we may see but a stream, although it is made of a string or a Blob. Where the stream
 * ends with its first chunk, that is the whole body.
 */
async function sendStream(answer: ServerResponse, head: Head, response: Response): Promise<void> {
  const { body, headers } = response;
  if (body === null) return sendWhole(answer, head, null);
  if (headers.has("content-length")) return await sendBody(answer, head, body);
  const reader = body.getReader();
  let closed = false;
  reader.closed.then(() => closed = true, () => {});
  const { done, value } = await reader.read();
  // A stream that holds nothing more is closed by the read that takes its last chunk: after this turn, we know.
  if (!done) await null;
  if (!done && !closed) return await sendBody(answer, head, continued(reader, value));
  if (answer.destroyed) return;
  const lines = ["content-length", String(value?.byteLength ?? 0), ...head.lines];
  sendWhole(answer, { ...head, lines }, value);
}

type Whole = string | Uint8Array | null | undefined;

function isWhole(body: unknown): body is Whole {
  return body === undefined || body === null || typeof body === "string" || body instanceof Uint8Array;
}

/** Not by `writeHead`, after which node:http would write the head and the body as two buffers. */
function sendWhole(answer: ServerResponse, { status, statusText, lines }: Head, body: Whole): void {
  answer.statusCode = checkedStatus(status);
  if (statusText !== "") answer.statusMessage = statusText;
  for (let i = 0; i < lines.length; i += 2) answer.appendHeader(lines[i]!, lines[i + 1]!);
  // The same bytes, and one write for them and the head.
  if (typeof body !== "object" || body === null) answer.end(body);
  else if (body.byteLength <= LONGEST_STRING) answer.end(latin1(body), "latin1");
  else answer.end(body);
}

/** Sends a stream, of the Web or of Node. */
function sendBody(answer: ServerResponse, { status, statusText, lines }: Head, body: unknown): Promise<void> {
  answer.writeHead(checkedStatus(status), statusText || STATUS_CODES[status] || "unknown", [...lines]);
  return sendNodeResponse(answer, { _toNodeResponse: () => ({ body }) } as unknown as NodeResponse);
}

/** Of 1xx, a client would wait for what comes after it. */
function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 999) return status;
  throw new RangeError(`fetch returned a Response of status ${status}: it must be from 200 to 999`);
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

/** Of bytes that are sent as a string: copying more takes longer than a second write. */
const LONGEST_STRING = 16_384;

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
