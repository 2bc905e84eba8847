/**
 * Tortures the handoff: `deno task torture --handoff [--upgrades N] [--kills N] [--seed N] [--dir PATH]`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { memoryDir } from "../memory_dir.ts";
import { Random } from "../random.ts";
import { Driver } from "./driver.ts";

/** Tortures as `args` say, prints what came of it, and exits with 1 where a promise was broken. */
export async function main(args: readonly string[]): Promise<never> {
  const flags = parseArgs([...args], {
    boolean: ["handoff", "verbose"],
    string: ["upgrades", "kills", "seed", "dir"],
    default: {
      upgrades: "150",
      kills: "60",
      seed: String(crypto.getRandomValues(new Uint32Array(1))[0]),
      dir: memoryDir(),
    },
    unknown: (flag: string) => {
      console.error(`There is no ${flag}`);
      Deno.exit(2);
    },
  });
  console.log(`${flags.upgrades} upgrades and ${flags.kills} kills below ${flags.dir}, seed ${flags.seed}`);
  const dir = Deno.makeTempDirSync({ dir: flags.dir, prefix: "handoff-torture-" });
  const start = performance.now();
  const driver = new Driver({
    dir,
    random: new Random(flags.seed),
    upgrades: Number(flags.upgrades),
    kills: Number(flags.kills),
    ...(flags.verbose ? { onEvent: (line: string) => console.log(`  ${line}`) } : {}),
  });
  const { violations, counts, requests, failed } = await driver.run();
  for (const [event, count] of Object.entries(counts)) console.log(`${event.padEnd(24)} ${count}`);
  console.log(`requests                 ${requests}, ${failed} of them without an answer`);
  console.log(`took                     ${((performance.now() - start) / 1000).toFixed(0)} s`);
  console.log(`seed                     ${flags.seed}`);
  if (violations.length > 0) {
    console.log(`\n${violations.length} violations, the first of them:`);
    for (const violation of violations.slice(0, 10)) console.log(`  ${violation}`);
    console.log(`what happened is in ${dir}/record`);
    Deno.exit(1);
  }
  Deno.removeSync(dir, { recursive: true });
  console.log("no promise was broken");
  Deno.exit();
}
