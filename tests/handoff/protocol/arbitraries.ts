import fc from "fast-check";
import type { Journal } from "../../../handoff/protocol/journal.ts";
import type {
  PhaseTimes,
  SupervisorStatus,
  TriggerEvent,
  TriggerRequest,
  UpgradeRecord,
} from "../../../handoff/protocol/trigger.ts";
import type { TransferReply, TransferRequest } from "../../../handoff/protocol/transfer.ts";
import type { Message, MessageType } from "../../../handoff/protocol/messages.ts";

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const text = fc.string({ unit: "binary" });
const handoffId = fc.uuid();

const FIELDS: { readonly [Type in MessageType]: FieldsOf<Type> } = {
  Hello: {
    role: fc.constantFrom("incumbent", "successor"),
    pid: u32,
    buildId: fc.uint8Array(),
    protoMin: u16,
    protoMax: u16,
    capabilities: u64,
  },
  HelloAck: { protoVersionChosen: u16, handoffId },
  PrepareHandoff: { handoffId, successorPid: u32, deadlineMs: u64, drainGraceMs: u64 },
  Drained: { openConnsRemaining: u32, acceptClosed: fc.boolean() },
  SealRequest: { handoffId },
  SealProgress: { shardsSealed: u32, shardsTotal: u32, lastRevision: u64 },
  SealComplete: {
    handoffId,
    lastRevisionPerShard: fc.array(u64),
    dataDirFingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  },
  SealFailed: { handoffId, error: text, partialState: text },
  Begin: { handoffId },
  Ready: {
    handoffId,
    listeningOn: fc.array(text),
    healthzOk: fc.boolean(),
    advertisedRevisionPerShard: fc.array(u64),
  },
  Commit: { handoffId },
  Abort: { handoffId, reason: text },
  ResumeAfterAbort: { handoffId },
  Heartbeat: { tsMs: u64 },
};

type FieldsOf<Type extends MessageType> = {
  readonly [Name in keyof Omit<Extract<Message, { type: Type }>, "type">]: fc.Arbitrary<
    Extract<Message, { type: Type }>[Name]
  >;
};

/** Any message, of any type alike often. */
export const messages: fc.Arbitrary<Message> = fc.oneof(
  ...Object.entries(FIELDS).map(([type, fields]: [string, Record<string, fc.Arbitrary<unknown>>]) =>
    fc.record({ type: fc.constant(type), ...fields }, { noNullPrototype: true })
  ),
) as fc.Arbitrary<unknown> as fc.Arbitrary<Message>;

/** Any journal. */
export const journals: fc.Arbitrary<Journal> = fc.record({
  handoffId,
  phase: fc.constantFrom(
    "negotiating" as const,
    "draining" as const,
    "sealing" as const,
    "awaiting-ready" as const,
    "committed" as const,
    "resuming-after-abort" as const,
  ),
  incumbentPid: u32,
  successorPid: u32,
  startedAtUnixMs: u64,
}, { requiredKeys: ["handoffId", "phase", "incumbentPid", "startedAtUnixMs"], noNullPrototype: true });

/** Bytes of any kind, and such as are nearly of the kind that `encoded` gives: cut short, altered, with more inside. */
export function bytesNear(encoded: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const splice = fc.record({ at: fc.nat(100), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 12 }) });
  const spoilt = fc.tuple(encoded, fc.array(splice, { minLength: 1, maxLength: 3 })).map(([bytes, splices]) =>
    splices.reduce((before, { at, remove, insert }) => {
      const result = [...before];
      result.splice(at % (before.length + 1), remove, ...insert);
      return Uint8Array.from(result);
    }, bytes)
  );
  return fc.oneof(fc.uint8Array({ maxLength: 200 }), spoilt, spoilt);
}

/** The same bytes in chunks of any length, empty ones included. */
export function inChunks(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 20 }).map((places) => {
    const ends = [...places.sort((a, b) => a - b), bytes.length];
    return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
  });
}

const count = fc.maxSafeNat();
const names = fc.array(text, { maxLength: 5 });
const unsupported = says({ verb: "unsupported" }, { of: text });

/** Anything that is said to the incumbent over the transfer socket. */
export const transferRequests: fc.Arbitrary<TransferRequest> = fc.oneof(
  says({ verb: "lock" }, { handoffId }),
  says({ verb: "serving" }, { handoffId, pid: u32 }),
  says({ verb: "connections" }, { names, max: count }),
  says({ verb: "connections" }, { adopted: fc.array(count) }),
  says({ verb: "listeners" }, {}),
  says({ verb: "watch" }, {}),
  says({ verb: "force" }, { handoffId }),
  unsupported,
);

/** Anything that the incumbent says over the transfer socket. */
export const transferReplies: fc.Arbitrary<TransferReply> = fc.oneof(
  says({ verb: "lock", ok: true }, {}),
  says({ verb: "lock", ok: false }, { reason: text }),
  says({ verb: "serving" }, { ok: fc.boolean() }),
  says({ verb: "connections" }, {
    items: fc.array(says({}, { id: count, listener: text, kind: text })),
    done: fc.boolean(),
    descriptors: count,
  }),
  says({ verb: "listeners" }, { names }),
  says({ verb: "watch", ok: true }, { pid: u32, buildId: text, dataDir: text }),
  says({ verb: "force", ok: true }, {}),
  says({ verb: "report" }, {}),
  says({ verb: "report" }, { connectionsMoved: u32 }),
  says({ verb: "report" }, { cut: fc.array(fc.record({ method: text, path: text, ageMs: u32 })) }),
  says({ verb: "stopping" }, { code: fc.integer(), reason: text }),
  unsupported,
);

const duration = fc.double({ min: 0, max: 1e9, noNaN: true });
const limits = { timeoutMs: count, force: fc.boolean(), soakSecs: duration };

/** Anything that is asked over the trigger socket. */
export const triggerRequests: fc.Arbitrary<Exclude<TriggerRequest, { verb: "unsupported" }>> = fc.oneof(
  says({ verb: "handoff" }, {}),
  says({ verb: "handoff" }, { binary: fc.string({ minLength: 1 }).filter((path) => path.trim() === path) }),
  perhaps({ verb: "upgrade", follow: true }, {
    command: fc.array(text),
    buildId: text,
    check: fc.boolean(),
    ...limits,
  }),
  perhaps({ verb: "rollback" }, limits),
  fc.constantFrom("abort", "status", "history", "stop", "restart", "replace").map((verb) => ({ verb } as const)),
);

const phase = fc.constantFrom("start", "drain", "seal", "open", "soak", "commit", "resume");
const outcome = fc.constantFrom("committed", "rolled-back", "nothing-begun", "nobody-serves", "busy");
const phases = fc.dictionary(phase, duration, { noNullPrototype: true }) as fc.Arbitrary<PhaseTimes>;
const instant = count;

const upgradeRecords: fc.Arbitrary<UpgradeRecord> = both(
  says({}, {
    handoffId,
    atMs: instant,
    fromBuild: text,
    outcome,
    phases,
    connectionsMoved: count,
    cut: fc.array(says({}, { method: text, path: text, ageMs: duration })),
  }),
  perhaps({}, { toBuild: text, reason: text, writePauseMs: duration }),
);

const statuses: fc.Arbitrary<SupervisorStatus> = both(
  says({}, {
    supervisorPid: u32,
    supervisorSinceMs: instant,
    generation: count,
    restarts: count,
    listeners: fc.array(says({}, { name: text, address: text })),
    command: fc.array(text),
  }),
  perhaps({}, {
    daemon: says({}, { pid: u32, buildId: text, sinceMs: instant, adopted: fc.boolean() }),
    upgrade: says({}, { handoffId, phase, sinceMs: instant }),
    lastUpgrade: upgradeRecords,
    restartAtMs: instant,
  }),
);

/** Anything that is answered over the trigger socket. */
export const triggerEvents: fc.Arbitrary<TriggerEvent> = fc.oneof(
  says({ event: "phase-begun" }, { phase }),
  says({ event: "phase" }, { phase, ms: duration }),
  both(
    says({ event: "outcome" }, { outcome, phases }),
    perhaps({}, { reason: text, stderr: fc.array(text), handoffId }),
  ),
  says({ event: "status" }, { status: statuses }),
  says({ event: "history" }, { upgrades: fc.array(upgradeRecords) }),
  says({ event: "unsupported" }, { of: text }),
);

/** A value that JSON has, of each type alike often; most are wrong wherever they stand. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, "", [], {}, [null], [{}], { ok: true }, { __proto__: null }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.string(),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 1 }),
);

/** Objects of these fixed fields and those others. */
function says<const Fixed extends object, Others extends object>(
  fixed: Fixed,
  others: { [Name in keyof Others]: fc.Arbitrary<Others[Name]> },
): fc.Arbitrary<Fixed & Others> {
  return fc.record<Others>(others).map((fields) => ({ ...fixed, ...fields }));
}

/** Objects of these fixed fields and any of those others. */
function perhaps<const Fixed extends object, Others extends object>(
  fixed: Fixed,
  others: { [Name in keyof Others]: fc.Arbitrary<Others[Name]> },
): fc.Arbitrary<Fixed & Partial<Others>> {
  return fc.record<Others, never>(others, { requiredKeys: [] }).map((fields) => ({ ...fixed, ...fields }));
}

/** Objects of the fields of both. */
function both<A extends object, B extends object>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>): fc.Arbitrary<A & B> {
  return fc.tuple(a, b).map(([a, b]) => ({ ...a, ...b }));
}
