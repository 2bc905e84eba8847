import { OURS } from "./contestant.ts";
import type { Measure } from "./measure.ts";
import { format, formatRatio, round } from "./format.ts";
import { PLACES } from "./places.ts";

/** A promise of the project that figures can keep or break. */
export interface Target {
  readonly promise: string;
  readonly found: string;
  readonly met: boolean;
}

const PROPER = "npm proper-lockfile";

/** Less than one object, or descriptor, in each round would be. */
const GROWTH = 0.005;

/** Compares the figures with what was set out to be reached. */
export function checkTargets(measures: readonly Measure[]): Target[] {
  const value = (id: string, name = OURS) => valueOf(measures, id, name);
  const places = PLACES.map(({ name }) => name);
  return [
    ...places.map((place) => within(`handover p50, ${place}`, value(`handover-${place}`), 1)),
    ...places.map((place) => {
      const id = `handover-${place}`;
      return faster(`handover p50, ${place}`, value(id, PROPER) / value(id), 100);
    }),
    ...places.map((place) => within(`SIGKILL to the next holder, p50, ${place}`, value(`death-${place}`), 60)),
    ...["idle", "writing"].map((situation) => {
      const share = value(`${situation}-1`);
      const found = format(share, "% of a core");
      return { promise: `a waiter takes less than 1 % of a core, holder ${situation}`, found, met: share < 1 };
    }),
    ...places.flatMap((place) =>
      ["sync", "async"].map((form) => {
        const id = `refusal-${form}-${place}`;
        return faster(`refusal, ${form}, ${place}, libc open`, value(id, PROPER) / value(id, `${OURS}, libc open`), 8);
      })
    ),
    ...measures.filter(({ id }) => id.startsWith("growth-")).map(steady),
  ];
}

function valueOf(measures: readonly Measure[], id: string, name: string): number {
  const figure = measures.find((measure) => measure.id === id)?.figures.find((figure) => figure.name === name);
  if (figure === undefined) throw new Error(`${name} was not measured in ${id}`);
  return figure.value;
}

function within(what: string, ms: number, limit: number): Target {
  return { promise: `${what}: within ${format(limit, "ms")}`, found: format(ms, "ms"), met: ms <= limit };
}

function faster(what: string, times: number, least: number): Target {
  return { promise: `${what}: ${least} × proper-lockfile's speed`, found: formatRatio(times), met: times >= least };
}

/** A leak makes every window grow; what the runtime takes for itself, now and then, does not. */
function steady({ title, unit, figures }: Measure): Target {
  const growths = figures.slice(1).map(({ value }, index) => value / figures[index].value - 1);
  const least = Math.min(...growths);
  return {
    promise: `${title}: no growth`,
    found: `${figures.map(({ value }) => round(value)).join(", ")} ${unit}`,
    met: least <= GROWTH,
  };
}
