/**
 * What a terminal or a log would not show as it stands: the C0 and C1 controls with DEL, which may be commands to a
 * terminal, and what separates lines or reorders text.
 */
// deno-lint-ignore no-control-regex -- these are what it is for
const UNPRINTABLE = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text of others (a path, a name, a message) as it can be printed, on one line; what cannot is written as `\u001b`. */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** JSON, on one line, that can be printed; for a string, its text in quotes. It means the same as `JSON.stringify`'s. */
export function printableJson(value: unknown): string {
  return printableText(JSON.stringify(value));
}
