import {
  array,
  count,
  decimal,
  decodeUtf8,
  duration,
  flag,
  integer,
  object,
  oneOf,
  optional,
  parseJson,
  record,
  type Shape,
  text,
} from "./shapes.ts";
import {
  type ConnectionsAdopted,
  type ConnectionsReply,
  type ConnectionsRequest,
  type ForceReply,
  type ForceRequest,
  type ListenersReply,
  type ListenersRequest,
  type LockReply,
  type LockRequest,
  type PassedConnection,
  type Report,
  type ReportedRequest,
  type ServingReply,
  type ServingRequest,
  type Stopping,
  TRANSFER_VERSION,
  type TransferReply,
  type TransferRequest,
  type Unsupported,
  type WatchReply,
  type WatchRequest,
} from "./transfer_messages.ts";

/** What a message without its header says to O. Throws a {@linkcode ProtocolError} `"codec"`. */
export function decodeTransferRequest(body: Uint8Array): TransferRequest {
  return decodeBody(body, REQUESTS);
}

/** What a message without its header says to N or a supervisor. Throws a {@linkcode ProtocolError} `"codec"`. */
export function decodeTransferReply(body: Uint8Array): TransferReply {
  return decodeBody(body, REPLIES);
}

const lockRefused = object<LockReply & { ok: false }>({ verb: oneOf("lock"), ok: oneOf(false), reason: text });
const lockGiven = object<LockReply & { ok: true }>({
  verb: oneOf("lock"),
  ok: oneOf(true),
  revisions: optional(array(decimal)),
});
const connectionsRequest = object<ConnectionsRequest>({ verb: oneOf("connections"), names: array(text), max: count });
const connectionsAdopted = object<ConnectionsAdopted>({ verb: oneOf("connections"), adopted: array(count) });
const unsupported = object<Unsupported>({ verb: oneOf("unsupported"), of: text });

const REQUESTS: Verbs<TransferRequest> = {
  lock: object<LockRequest>({ verb: oneOf("lock"), handoffId: text }),
  serving: object<ServingRequest>({ verb: oneOf("serving"), handoffId: text, pid: count }),
  connections: (value, at) =>
    Object.hasOwn(record(value, at), "adopted") ? connectionsAdopted(value, at) : connectionsRequest(value, at),
  listeners: object<ListenersRequest>({ verb: oneOf("listeners") }),
  watch: object<WatchRequest>({ verb: oneOf("watch") }),
  force: object<ForceRequest>({ verb: oneOf("force"), handoffId: text }),
  unsupported,
};

const REPLIES: Verbs<TransferReply> = {
  lock: (value, at) => record(value, at).ok === true ? lockGiven(value, at) : lockRefused(value, at),
  serving: object<ServingReply>({ verb: oneOf("serving"), ok: flag }),
  connections: object<ConnectionsReply>({
    verb: oneOf("connections"),
    items: array(object<PassedConnection>({ id: count, listener: text, kind: text })),
    done: flag,
    descriptors: count,
  }),
  listeners: object<ListenersReply>({ verb: oneOf("listeners"), names: array(text) }),
  watch: object<WatchReply>({ verb: oneOf("watch"), ok: oneOf(true), pid: count, buildId: text, dataDir: text }),
  force: object<ForceReply>({ verb: oneOf("force"), ok: oneOf(true) }),
  report: object<Report>({
    verb: oneOf("report"),
    connectionsMoved: optional(count),
    cut: optional(array(object<ReportedRequest>({ method: text, path: text, ageMs: duration }))),
  }),
  stopping: object<Stopping>({ verb: oneOf("stopping"), code: integer, reason: text }),
  unsupported,
};

/** How to read the fields of each verb. */
type Verbs<Message extends { readonly verb: string }> = {
  readonly [Verb in Message["verb"]]: Shape<Extract<Message, { verb: Verb }>>;
};

function decodeBody<Message extends { readonly verb: string }>(
  body: Uint8Array,
  verbs: Verbs<Message>,
): Message | Unsupported {
  const message = record(parseJson(decodeUtf8(body)), "a transfer message");
  const verb = text(message.verb ?? "", "the verb");
  if (message.v !== TRANSFER_VERSION || !Object.hasOwn(verbs, verb)) return { verb: "unsupported", of: verb };
  return verbs[verb as Message["verb"]](message, verb);
}
