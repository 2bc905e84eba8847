/**
 * What the module adds to the start of a Deno program: a program that imports it and takes a lock, beside an empty one,
 * each run as a process of its own, in turns. Run by `deno task bench`.
 */
import { fromFileUrl } from "@std/path";
import { makeDataDir, PLACES } from "./places.ts";

const ROUNDS = 41;
const project = fromFileUrl(new URL("..", import.meta.url));

for (const place of PLACES) {
  const dir = makeDataDir(place);
  const empty: number[] = [];
  const locking: number[] = [];
  // One round more, which fills the caches and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const times = [run("empty.ts"), run("acquire.ts", dir)];
    if (round === 0) continue;
    empty.push(times[0]);
    locking.push(times[1]);
  }
  const [without, with_] = [median(empty), median(locking)];
  console.log(
    `start of Deno, on ${place.name}: ${ms(without)} empty, ${ms(with_)} with import and first acquire: ` +
      `${ms(with_ - without)} more, ${(with_ / without).toFixed(2)} times (medians of ${ROUNDS})`,
  );
}

/** Runs a program of `bench/programs` to its end; the time in ms. */
function run(program: string, ...args: string[]): number {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      `--config=${project}deno.json`,
      `--import-map=${project}import_map.npm.json`,
      "-A",
      `${project}bench/programs/${program}`,
      ...args,
    ],
    stderr: "inherit",
  });
  const start = performance.now();
  const { success } = command.outputSync();
  if (!success) throw new Error(`${program} failed`);
  return performance.now() - start;
}

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
}

function ms(time: number): string {
  return `${time.toFixed(1)} ms`;
}
