import { ProtocolError } from "./protocol_error.ts";
import {
  array,
  count,
  duration,
  exactObject,
  flag,
  oneOf,
  optional,
  parseJson,
  record,
  type Shape,
  text,
} from "./shapes.ts";
import type { Unsupported } from "./transfer_messages.ts";
import type {
  HandoffRequest,
  PlainRequest,
  RollbackRequest,
  TriggerEvent,
  TriggerRequest,
  UpgradeRequest,
} from "./trigger_messages.ts";

export { crateErrorLine, type CrateReply, crateReplyLine } from "./crate_lines.ts";
export { LineReader } from "./lines.ts";
export { parseTriggerEvent } from "./trigger_events.ts";
export type * from "./trigger_messages.ts";

/** The version of the trigger socket's JSON requests that this module speaks. */
export const TRIGGER_VERSION = 1;

/** The most bytes that a request may have, its newline included: 4 KiB. */
export const MAX_REQUEST_BYTES = 4096;

/** The most bytes that a line of an answer may have, its newline included: 1 MiB. */
export const MAX_EVENT_BYTES: number = 1 << 20;

/**
 * What a line asks for, given without its newline: JSON where it begins with `{`, else the crate's `handoff [binary]`.
 * Throws a {@linkcode ProtocolError} `"codec"` for what is no request. A field that is not known makes it none: what is
 * not understood must not be left out of an upgrade.
 */
export function parseTriggerLine(line: string): TriggerRequest {
  const request = line.trim();
  return request.startsWith("{") ? parseRequest(request) : parseCrateRequest(request);
}

/**
 * The line of a request, with its newline. Throws a {@linkcode ProtocolError}: `"frame-too-large"`, or `"codec"` for a
 * binary that the crate's line has no room for.
 */
export function encodeTriggerRequest(request: Exclude<TriggerRequest, Unsupported>): Uint8Array {
  if (request.verb === "handoff") return encodeLine(crateRequestLine(request), MAX_REQUEST_BYTES);
  return encodeLine(JSON.stringify({ v: TRIGGER_VERSION, ...request }), MAX_REQUEST_BYTES);
}

/** The line of an event, with its newline. Throws a {@linkcode ProtocolError} `"frame-too-large"`. */
export function encodeTriggerEvent(event: TriggerEvent): Uint8Array {
  return encodeLine(JSON.stringify(event), MAX_EVENT_BYTES);
}

type JsonRequest = UpgradeRequest | RollbackRequest | PlainRequest;

const limits = { timeoutMs: optional(count), force: optional(flag), soakSecs: optional(duration) };

const REQUESTS: { readonly [Verb in JsonRequest["verb"]]: Shape<JsonRequest & { verb: Verb }> } = {
  upgrade: exactObject<UpgradeRequest>({
    verb: oneOf("upgrade"),
    command: optional(array(text)),
    buildId: optional(text),
    check: optional(flag),
    follow: oneOf(true),
    ...limits,
  }),
  rollback: exactObject<RollbackRequest>({ verb: oneOf("rollback"), ...limits }),
  abort: plain("abort"),
  status: plain("status"),
  history: plain("history"),
  stop: plain("stop"),
  restart: plain("restart"),
  replace: plain("replace"),
};

function plain<Verb extends PlainRequest["verb"]>(verb: Verb): Shape<PlainRequest & { readonly verb: Verb }> {
  return exactObject<PlainRequest & { readonly verb: Verb }>({ verb: oneOf(verb) });
}

function parseRequest(line: string): TriggerRequest {
  const { v, verb, ...options } = record(parseJson(line), "a request");
  const name = text(verb ?? "", "the verb");
  if (v !== TRIGGER_VERSION || !Object.hasOwn(REQUESTS, name)) return { verb: "unsupported", of: name };
  return REQUESTS[name as JsonRequest["verb"]]({ verb, ...options }, name);
}

function parseCrateRequest(line: string): TriggerRequest {
  const [, command, binary] = /^(\S*)\s*(.*)$/s.exec(line)!;
  if (command !== "handoff") throw new ProtocolError("codec", `unknown command ${JSON.stringify(command)}`);
  return binary === "" ? { verb: "handoff" } : { verb: "handoff", binary };
}

function crateRequestLine({ binary }: HandoffRequest): string {
  if (binary === undefined) return "handoff";
  // The line has no escape: a path that would end it, or that would come out shorter, cannot be said.
  if (binary !== "" && binary.trim() === binary && !binary.includes("\n")) return `handoff ${binary}`;
  throw new ProtocolError("codec", `Cannot encode the path ${JSON.stringify(binary)} in a line`);
}

function encodeLine(line: string, maxBytes: number): Uint8Array {
  const bytes = new TextEncoder().encode(`${line}\n`);
  if (bytes.length <= maxBytes) return bytes;
  throw new ProtocolError(
    "frame-too-large",
    `Cannot send a line of ${bytes.length} bytes: at most ${maxBytes} are allowed`,
  );
}
