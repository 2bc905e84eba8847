/**
 * Looks who holds the directory in its first argument, again and again for as many milliseconds as each line on its
 * standard input says, and reports how long one look takes, and where its answer comes from.
 */
import { inspectSync } from "@scope/handoff";
import { commands, report } from "../../tests/programs/report.ts";
import { timeOf } from "../statistics.ts";

const [dataDir] = Deno.args;

for await (const ms of commands()) {
  const { held, source } = inspectSync(dataDir);
  if (!held) throw new Error("Nobody holds the directory");
  report("looked", { source, ms: await timeOf(() => void inspectSync(dataDir), Number(ms)) });
}
