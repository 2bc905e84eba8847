/** What the crate's supervisor says of a handoff. */
export interface CrateReply {
  readonly handoffId: string;
  readonly committed: boolean;
  /** Why it was not committed. */
  readonly abortReason?: string | undefined;
}

/** The crate's line for a handoff that came to an end, with its newline. */
export function crateReplyLine({ handoffId, committed, abortReason }: CrateReply): string {
  const reason = abortReason === undefined ? "None" : `Some(${quote(abortReason)})`;
  return `ok: handoff_id=${handoffId} committed=${committed} abort_reason=${reason}\n`;
}

/** The crate's line for a request that could not be followed, with its newline. */
export function crateErrorLine(reason: string): string {
  return `err: ${escape(reason)}\n`;
}

/** A string as Rust writes it for a reader of logs. */
function quote(text: string): string {
  return `"${escape(text.replaceAll(/["\\]/g, "\\$&"))}"`;
}

/** Whatever would end the line, or move a terminal's cursor, as an escape sequence. */
function escape(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return SHORT[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0" };
