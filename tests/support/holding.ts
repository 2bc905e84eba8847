import { Child } from "./child.ts";
import type { TempDir } from "./temp_dir.ts";

/** A process of its own that holds the lock of `dir`, and does what it is told: `tests/programs/holder.ts`. */
export async function holding(dir: TempDir): Promise<Child> {
  await using started = new AsyncDisposableStack();
  const holder = started.use(new Child("holder.ts", { args: [dir.path] }));
  const report = await holder.ask("acquire");
  if (report.event !== "acquired") throw new Error(`The lock of ${dir.path} is not to be had: ${report.message}`);
  started.move();
  return holder;
}
