import { printableJson } from "../ffi/printable.ts";

export { printableJson, printableText } from "../ffi/printable.ts";

/** A word of a command line as it can be printed: quoted where it must be, and never a control sequence for a terminal. */
export function printable(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : printableJson(word);
}

/** A command line, to be printed. */
export function printableLine(words: readonly string[]): string {
  return words.map(printable).join(" ");
}

const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;

/** A duration, to be read by a person: its two largest units. */
export function duration(ms: number): string {
  let seconds = Math.max(0, Math.floor(ms / 1_000));
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return { unit, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first === -1) return "0 s";
  return parts.slice(first, first + 2).filter(({ count }) => count > 0).map(({ count, unit }) => `${count} ${unit}`)
    .join(" ");
}

/** A moment in local time, and how long ago it was. */
export function ago(moment: Date): string {
  // The Swedish way to write it is the one of ISO 8601.
  return `${moment.toLocaleString("sv-SE")} (${duration(Date.now() - moment.getTime())} ago)`;
}
