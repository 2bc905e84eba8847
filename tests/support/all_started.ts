import type { Child } from "./child.ts";

/** Waits until all of them take commands, so that those that follow meet. */
export async function allStarted(holders: readonly Child[]): Promise<void> {
  await Promise.all(holders.map((holder) => holder.ask("release")));
}
