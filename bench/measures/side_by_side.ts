import type { Contestant } from "../contestant.ts";
import { CONTESTANTS } from "../contestants.ts";
import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { inTurns, median, timeOf } from "../statistics.ts";

/** How long a call takes for each contestant, in turns. */
export async function sideBySide(
  { id, title }: Pick<Measure, "id" | "title">,
  { rounds, turn }: Effort,
  callOf: (contestant: Contestant) => () => Promise<void> | void,
): Promise<Measure> {
  const times = await inTurns(
    rounds,
    CONTESTANTS.map((contestant) => ({
      name: contestant.name,
      async measure() {
        using _open = contestant.open?.();
        return await timeOf(callOf(contestant), turn);
      },
    })),
  );
  return {
    id,
    title,
    unit: "ms",
    how: `median of ${rounds} turns of ${turn} ms`,
    figures: [...times].map(([name, values]) => ({ name, value: median(values) })),
  };
}
