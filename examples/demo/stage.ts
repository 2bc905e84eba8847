/** What a demo says of itself. */

/** Does a step of the demo, and prints how long it took. */
export async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`${(performance.now() - start).toFixed(1).padStart(7)} ms  ${step}`);
  return result;
}

/** Prints what can be seen after a step; throws if it is not so. */
export function tell(what: string, isSo: boolean): void {
  if (!isSo) throw new Error(`This should be so, and is not: ${what}`);
  quote(what);
}

/** Prints what a program said. */
export function quote(text: string): void {
  console.log(text.trimEnd().replace(/^/gm, " ".repeat(12)));
}
