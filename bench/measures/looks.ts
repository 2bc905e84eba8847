import { DataDirLock } from "@scope/handoff";
import { Child } from "../../tests/support/child.ts";
import type { Effort } from "../effort.ts";
import type { Measure } from "../measure.ts";
import { makeDataDir, PLACES } from "../places.ts";
import { inTurns, median, timeOf } from "../statistics.ts";

/** What it takes to verify a lock, and to inspect one that another process holds. */
export async function measureLooks({ rounds, turn }: Effort): Promise<Measure[]> {
  // Deno guards some places in memory, such as /dev/shm, by --allow-all, and who has that need not probe.
  const dir = makeDataDir(PLACES[1]);
  await using lock = await DataDirLock.acquire(dir);
  await using privileged = inspector(dir);
  await using unprivileged = inspector(dir, ["--allow-ffi", `--allow-read=${dir}`]);
  const times = await inTurns(rounds, [
    { name: "verify()", measure: () => timeOf(() => lock.verify(), turn) },
    { name: "inspect(), from /proc/locks", measure: () => look(privileged, "kernel", turn) },
    { name: "inspect(), by a probe", measure: () => look(unprivileged, "probe", turn) },
  ]);
  return [{
    id: "looks",
    title: "verify() while holding, inspect() while another process holds, disk",
    unit: "ms",
    how: `median of ${rounds} turns of ${turn} ms`,
    figures: [...times].map(([name, values]) => ({ name, value: median(values) })),
  }];
}

function inspector(dir: string, permissions?: readonly string[]): Child {
  return new Child("../../bench/programs/looks.ts", { args: [dir], permissions });
}

async function look(inspector: Child, expected: string, turn: number): Promise<number> {
  const { source, ms } = await inspector.ask(String(turn));
  if (source !== expected) throw new Error(`The answer should come from the ${expected}, not from the ${source}`);
  return ms;
}
