import { assert } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

const ROUNDS_PER_WINDOW = 1_000;
const WINDOWS = 10;

/** Less than the smallest object, and the pointer that keeps it. */
const HEAP_BYTES_PER_ROUND = 16;

/** Less than the page that a library which stays open takes in each round. */
const MEMORY_BYTES_PER_ROUND = 1_024;

/** What the program has in use after so many rounds, without its garbage. */
interface Usage {
  readonly descriptors: number;
  readonly heap: number;
  readonly memory: number;
}

claim("10,000 rounds of acquire and release, each with a refusal, leave no descriptor open", async () => {
  const growth = leastGrowth((await usageByWindow()).map((usage) => usage.descriptors));
  assert(growth <= 0, `${growth} descriptors and more stay open in each window`);
});

claim("10,000 rounds of acquire and release, each with a refusal, leave nothing in the heap", async () => {
  const growth = leastGrowth((await usageByWindow()).map((usage) => usage.heap));
  assert(
    growth < ROUNDS_PER_WINDOW * HEAP_BYTES_PER_ROUND,
    `The heap grows by ${growth} bytes and more in each window`,
  );
});

claim("10,000 rounds of acquire and release, each with a refusal, leave no memory in use", async () => {
  const growth = leastGrowth((await usageByWindow()).map((usage) => usage.memory));
  assert(growth < ROUNDS_PER_WINDOW * MEMORY_BYTES_PER_ROUND, `${growth} bytes and more are lost in each window`);
});

let measured: Promise<Usage[]> | undefined;

/** The usage after each window of rounds but the first; measured once, for all claims. */
function usageByWindow(): Promise<Usage[]> {
  return measured ??= measure();
}

async function measure(): Promise<Usage[]> {
  using dir = new TempDir(tmpfs());
  const args = [dir.path, String(ROUNDS_PER_WINDOW)];
  await using program = new Child("rounds.ts", { args, flags: ["--v8-flags=--expose-gc"] });
  const usages: Usage[] = [];
  for (let window = 0; window < WINDOWS; window++) {
    const { descriptors, heap, memory } = await program.ask("go");
    usages.push({ descriptors, heap, memory });
  }
  // In the first, the runtime takes for itself what it opens and compiles when it is first used.
  return usages.slice(1);
}

/** A leak makes every window grow; what the runtime takes for itself, now and then, does not. */
function leastGrowth(sizes: readonly number[]): number {
  return Math.min(...sizes.slice(1).map((size, index) => size - sizes[index]));
}

/** A directory in memory, where there is one: ten thousand flushes to a disk would take minutes on some. */
function tmpfs(): string | undefined {
  return Deno.build.os === "linux" ? "/dev/shm" : undefined;
}
