import type { Unit } from "./measure.ts";

/** A figure as people read it: three digits, in the unit that suits its size. */
export function format(value: number, unit: Unit): string {
  if (unit === "ms") return formatTime(value);
  return `${round(value).toLocaleString("en", { maximumFractionDigits: 2 })}${
    unit.startsWith("%") ? " %" : ` ${unit}`
  }`;
}

/** How many times worse, or better, than the module. */
export function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? "" : `${round(ratio, ratio < 10 ? 2 : 3).toLocaleString("en")} ×`;
}

/** To so many significant digits. */
export function round(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}

function formatTime(ms: number): string {
  if (ms < 1) return `${round(ms * 1_000)} µs`;
  if (ms < 1_000) return `${round(ms)} ms`;
  return `${round(ms / 1_000)} s`;
}
