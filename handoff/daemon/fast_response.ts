import { FastResponse as NodeResponse } from "srvx";

/** The constructor {@linkcode FastResponse}: as that of `Response`, for what a handler answers with. */
export interface FastResponseConstructor {
  /** As `new Response`. */
  new (body?: BodyInit | null, init?: ResponseInit): Response;
  /** As `Response.json`. */
  json(data: unknown, init?: ResponseInit): Response;
}

/**
 * A `Response` for hot paths: what it is made of is written to the connection as it is, without a stream and without a
 * `Headers` object. It becomes a real `Response` as soon as something other than its status or headers is looked at.
 * Handlers may return either.
 *
 * ```ts
 * import { FastResponse } from "@scope/handoff/daemon";
 *
 * const fetch = () => new FastResponse("hello");
 * ```
 */
export const FastResponse: FastResponseConstructor = NodeResponse;
