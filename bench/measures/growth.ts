import { Child, type Report } from "../../tests/support/child.ts";
import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { makeDataDir, PLACES } from "../places.ts";

/** What the program reports of what it has in use, and in which unit. */
const USES = [["descriptors", "descriptors", 1], ["heap", "MB", 1e6], ["memory", "MB", 1e6]] as const;

const WINDOWS = 5;

/** What a process has in use after many rounds of acquire and release, each with a refusal. */
export async function measureGrowth({ growth }: Effort): Promise<Measure[]> {
  const rounds = growth / WINDOWS;
  const args = [makeDataDir(PLACES[0]), String(rounds)];
  await using program = new Child("rounds.ts", { args, flags: ["--v8-flags=--expose-gc"] });
  const reports: Report[] = [];
  while (reports.length < WINDOWS) reports.push(await program.ask("go"));
  return USES.map(([use, unit, scale]) => ({
    id: `growth-${use}`,
    title: `${use} in use after rounds of acquire, refusal and release, tmpfs`,
    unit,
    how: "one process, after a collection of its garbage",
    figures: reports.map((report, index) => ({
      name: `after ${(rounds * (index + 1)).toLocaleString("en")}`,
      value: report[use] / scale,
    })),
  }));
}
