import { type Codec, decode, encode } from "./postcard.ts";
import { oneOf, option, struct, u32, u64, uuid } from "./postcard_types.ts";

/** The last step of a handoff that was taken and written down. */
export type JournalPhase =
  | "negotiating"
  | "draining"
  | "sealing"
  | "awaiting-ready"
  | "committed"
  | "resuming-after-abort";

/** What a supervisor writes down of a handoff under way, for the one that may have to start in its place. */
export interface Journal {
  readonly handoffId: string;
  readonly phase: JournalPhase;
  /** The incumbent. The Rust crate writes its supervisor's own pid here. */
  readonly incumbentPid: number;
  readonly successorPid?: number | undefined;
  /** When the handoff began, in milliseconds since 1970. */
  readonly startedAtUnixMs: bigint;
}

/** The bytes of the journal's file; throws a {@linkcode ProtocolError} for a value that its field has no room for. */
export function encodeJournal(record: Journal): Uint8Array {
  return encode(journal, record);
}

/**
 * What a journal's file says. Whatever the bytes are, this returns a journal or throws a {@linkcode ProtocolError} of
 * the code `"codec"`.
 */
export function decodeJournal(file: Uint8Array): Journal {
  const { successorPid, ...record } = decode(journal, file);
  return successorPid === undefined ? record : { ...record, successorPid };
}

const journal: Codec<Journal> = struct<Journal>({
  handoffId: uuid,
  phase: oneOf<JournalPhase>("phase", [
    "negotiating",
    "draining",
    "sealing",
    "awaiting-ready",
    "committed",
    "resuming-after-abort",
  ]),
  incumbentPid: u32,
  successorPid: option(u32),
  startedAtUnixMs: u64,
});
