import { type IncomingMessage, ServerResponse } from "node:http";
import { NodeRequest } from "srvx";
import { sendResponse } from "./send_response.ts";
import type { FetchHandler, HandlerContext, UnfinishedRequest } from "./service.ts";

/** A response to come: node:http makes one for each request, so that nothing else is needed to keep track of it. */
export class Answer extends ServerResponse<IncomingMessage> {
  readonly #startedAt = performance.now();
  #request: Request | undefined;
  #aborted = false;
  #settled = false;
  #closed = false;
  /** Called when the handler has returned, and the response is out or given up: a handler may outlive its client. */
  onOver: ((answer: Answer) => void) | undefined;

  /** Whether the handler has returned: its response may still be on the way. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether {@linkcode abort} was called. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** Asks the handler, and sends what it answers. Neither throws nor rejects. */
  give<State>(fetch: FetchHandler<State>, options: AnswerOptions<State>): void {
    const { context, report } = options;
    try {
      const request = this.#request = new NodeRequest({ req: this.req, res: this });
      const response = fetch(request, context());
      if (response instanceof Response) this.#send(response, report);
      else {
        Promise.resolve(response).then(
          (response) => this.#send(response, report),
          (error) => this.#fail(error, report),
        );
      }
    } catch (error) {
      this.#fail(error, report);
    }
  }

  /** Tells the handler, by the signal of its request, that the client has gone. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    // The signal is made when it is first asked for, with this controller.
    const request = this.#request as unknown as { _abortController?: AbortController } | undefined;
    request?._abortController?.abort(new DOMException("The daemon is being replaced or stopped", "AbortError"));
  }

  /** The response is out, or its connection is gone. */
  close(): void {
    this.#closed = true;
    this.#look();
  }

  /** What a report says of it. */
  get unfinished(): UnfinishedRequest {
    return unfinished(this.req, this.#startedAt);
  }

  #settle(): void {
    this.#settled = true;
    this.#look();
  }

  #look(): void {
    if (!this.#settled || !this.#closed) return;
    this.onOver?.(this);
    this.onOver = undefined;
  }

  #send(response: Response, report: Report): void {
    this.#settle();
    try {
      if (!isResponse(response)) {
        throw new TypeError(`fetch returned ${describe(response)}: it must return a Response`);
      }
      sendResponse(this, response)?.catch((error) => this.#fail(error, report));
    } catch (error) {
      this.#fail(error, report);
    }
  }

  #fail(error: unknown, report: Report): void {
    this.#settle();
    const { method, path } = this.unfinished;
    if (!this.#aborted) report(error, `Cannot answer ${method} ${JSON.stringify(path)}`);
    if (this.writableEnded || this.destroyed) return;
    if (this.headersSent) return void this.destroy();
    if (this.#aborted) this.shouldKeepAlive = false;
    // Of the response that could not be sent.
    for (const name of this.getHeaderNames()) this.removeHeader(name);
    this.statusMessage = "";
    this.writeHead(this.#aborted ? 503 : 500, ["content-length", "0"]);
    this.end();
  }
}

/** Told of an error that no caller can be told of. */
export type Report = (error: unknown, doing: string) => void;

/** Prints it on standard error. */
export function defaultReport(error: unknown, doing: string): void {
  console.error(`${doing}:`, error);
}

/** What {@linkcode Answer.give} needs beside the handler. */
export interface AnswerOptions<State> {
  /** May throw: where the state is gone. */
  readonly context: () => HandlerContext<State>;
  readonly report: Report;
}

/** What a report says of a request; without one, of a connection that has none. */
export function unfinished(request: IncomingMessage | undefined, since: number): UnfinishedRequest {
  const path = request?.url?.split("?", 1)[0] ?? "";
  return { method: request?.method ?? "", path, ageMs: Math.round(performance.now() - since) };
}

function isResponse(value: unknown): value is Response {
  return value instanceof Response ||
    (typeof value === "object" && value !== null && "status" in value && "headers" in value && "body" in value);
}

function describe(value: unknown): string {
  return value === null || typeof value !== "object" ? String(value) : Object.prototype.toString.call(value);
}
