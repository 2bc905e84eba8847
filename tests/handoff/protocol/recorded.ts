import type { Journal } from "../../../handoff/protocol/journal.ts";
import type { Message } from "../../../handoff/protocol/messages.ts";

/** A message as the crate writes it, and what it means. */
export interface RecordedFrame {
  readonly frame: Uint8Array;
  readonly message: Message;
}

/** A journal as the crate writes it, and what it means. */
export interface RecordedJournal {
  readonly bytes: Uint8Array;
  readonly journal: Journal;
}

/** What the crate makes of a frame: a message, or an error, of which the part before the colon says the kind. */
export interface RecordedVerdict {
  readonly name: string;
  readonly frame: Uint8Array;
  readonly message?: Message;
  readonly errorKind?: string;
}

/** The fields that are bigints; the other numbers have at most 32 bits. */
const U64 = new Set(["deadlineMs", "drainGraceMs", "lastRevision", "tsMs", "startedAtUnixMs"]);

export const recordedFrames: readonly RecordedFrame[] = lines("vectors.jsonl")
  .filter((line) => "frame" in line)
  .map(({ frame, message }) => ({ frame: Uint8Array.fromHex(frame), message: messageOf(message) }));

export const recordedJournals: readonly RecordedJournal[] = lines("vectors.jsonl")
  .filter((line) => "journal" in line)
  .map(({ bytes, journal }) => ({ bytes: Uint8Array.fromHex(bytes), journal: journalOf(journal) }));

export const recordedVerdicts: readonly RecordedVerdict[] = lines("decode_cases.jsonl")
  .map(({ case: name, frame, upstream: { message, error } }) => ({
    name,
    frame: Uint8Array.fromHex(frame),
    message: message && messageOf(message),
    errorKind: error?.split(":")[0],
  }));

// deno-lint-ignore no-explicit-any -- JSON, whose shape the tests of the data are about
type Json = any;

/** Integers are bigints: a double has no room for some of them. */
function lines(file: string): Json[] {
  const text = Deno.readTextFileSync(new URL(`../data/${file}`, import.meta.url));
  return text.trimEnd().split("\n").map((line) =>
    JSON.parse(line, exactIntegers as (key: string, value: Json) => Json)
  );
}

function exactIntegers(_key: string, value: Json, { source }: { source: string }): Json {
  return typeof value === "number" ? BigInt(source) : value;
}

function messageOf(recorded: Json): Message {
  const [[type, fields]] = Object.entries<Json>(recorded);
  return { type, ...camelCased(fields) } as Message;
}

function journalOf(recorded: Json): Journal {
  const { phase, successorPid, ...rest } = camelCased(recorded);
  const kebab = phase.replaceAll(/(?<=.)[A-Z]/g, "-$&").toLowerCase();
  return { phase: kebab, ...rest, ...(successorPid === null ? {} : { successorPid }) };
}

function camelCased(fields: Json): Json {
  return Object.fromEntries(
    Object.entries<Json>(fields).map(([name, value]) => {
      const camel = name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
      return [camel, ofField(camel, value)];
    }),
  );
}

function ofField(name: string, value: Json): Json {
  if (name === "capabilities") return value.reserved;
  if (name === "role") return value.toLowerCase();
  if (name === "buildId" || name === "dataDirFingerprint") return Uint8Array.from(value, Number);
  return typeof value === "bigint" && !U64.has(name) ? Number(value) : value;
}
