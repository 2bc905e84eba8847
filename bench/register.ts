import { type Contestant, OURS } from "./contestant.ts";

/** Registers a contestant's bench. What it has open is opened beforehand, and that is not measured. */
export function benchAsync({ name, open }: Contestant, group: string, act: () => Promise<void>): void {
  const options = { group, baseline: name === OURS };
  if (open === undefined) return Deno.bench(name, options, async () => await act());
  Deno.bench(name, options, async (context) => {
    using _open = open();
    context.start();
    await act();
    context.end();
  });
}

/** {@linkcode benchAsync} for what is synchronous: Deno measures that in another way. */
export function benchSync({ name, open }: Contestant, group: string, act: () => void): void {
  const options = { group, baseline: name === OURS };
  if (open === undefined) return Deno.bench(name, options, () => act());
  Deno.bench(name, options, (context) => {
    using _open = open();
    context.start();
    act();
    context.end();
  });
}
