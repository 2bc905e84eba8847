/** The value that as many of the others are below as above. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The smallest of the values that `percent` of them are not above. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new Error("Nothing was measured");
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)];
}

/** Something to be measured again and again. */
export interface Probe<Name, Result> {
  readonly name: Name;
  measure(): Promise<Result>;
}

/**
 * Measures round by round, so that noise hits all alike; in each round another one is first. The rounds for warming up,
 * which fill caches and compile, do not count.
 */
export async function inTurns<Name, Result>(
  rounds: number,
  probes: readonly Probe<Name, Result>[],
  warmUps = 1,
): Promise<Map<Name, Result[]>> {
  const results = new Map<Name, Result[]>(probes.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    const first = (round + warmUps) % probes.length;
    for (const { name, measure } of [...probes.slice(first), ...probes.slice(0, first)]) {
      const result = await measure();
      if (round >= 0) results.get(name)!.push(result);
    }
  }
  return results;
}

/** How long one call takes, in milliseconds: the mean of as many as fit into `ms`, at least one. */
export async function timeOf(call: () => Promise<void> | void, ms: number): Promise<number> {
  const start = performance.now();
  for (let calls = 1;; calls++) {
    const result = call();
    if (result !== undefined) await result;
    const time = performance.now() - start;
    if (time >= ms) return time / calls;
  }
}
