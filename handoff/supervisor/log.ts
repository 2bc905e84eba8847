import { printableJson } from "../../ffi/printable.ts";

/** What belongs to an event. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Tells of an event. Never throws. */
export type Log = (event: string, fields?: LogFields) => void;

/** Where a log goes. */
export interface LogTarget {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

/** A log of one JSON line an event; of lines for people where `target` is a terminal. */
export function openLog(target: LogTarget, now: () => Date = () => new Date()): Log {
  const format = target.isTerminal() ? forPeople : asJson;
  return (event, fields = {}) => {
    try {
      target.writeSync(new TextEncoder().encode(`${format(now(), event, fields)}\n`));
    } catch {
      // A supervisor does not fall with whatever reads its log.
    }
  };
}

function asJson(time: Date, event: string, fields: LogFields): string {
  return printableJson({ time: time.toISOString(), event, ...fields });
}

function forPeople(time: Date, event: string, fields: LogFields): string {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  const words = known.map(([name, value]) => `${name}=${typeof value === "number" ? value : printableJson(value)}`);
  return [time.toLocaleTimeString("sv-SE"), event, ...words].join(" ");
}
