/**
 * Runs a program of `chart/`: in a process of its own, since the charting library has a lock file of its own. It is
 * large, and nothing else needs it.
 */
export function draw(program: "main.ts" | "swaps.ts"): void {
  const args = ["run", "--frozen", "--lock=chart/deno.lock", "--import-map=../import_map.npm.json", "-A"];
  const { success } = new Deno.Command(Deno.execPath(), {
    args: [...args, `chart/${program}`],
    cwd: new URL(".", import.meta.url),
    stdout: "inherit",
  }).outputSync();
  if (!success) throw new Error("The chart could not be drawn");
}
