/**
 * Tortures the lock: `deno task torture [--seconds N] [--processes N] [--seed N] [--dir PATH]`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl } from "@std/path";
import type { JournalRecord } from "./record.ts";
import type { Violation } from "./checker/hold_history.ts";
import { missing } from "./capabilities.ts";
import { memoryDir } from "./memory_dir.ts";
import { type Outcome, torture, type TortureOptions } from "./torture.ts";

const HELP = `Tortures the lock: real processes contend for one directory, are killed, stopped and misled meanwhile, and
what they wrote down is checked afterwards. Exits with 1 if the lock broke a promise.

Usage: deno task torture [options]

  --seconds N    for how long (20)
  --processes N  how many contend at a time (8)
  --seed N       what all choices follow from; by default another one each time
  --dir PATH     below which directory, to try a disk (in memory, where there is /dev/shm)
  --stop-at TEXT end as soon as this promise is broken, as it is called where violations are told
  --handoff      the handoff instead, until it has seen --upgrades N (150) and --kills N (60)
  --import-map PATH
                 which lock: what @scope/handoff stands for there
`;

const DAY = 86_400;

/** How many of the violations of one rule are shown. */
const SHOWN = 3;

if (Deno.args.includes("--handoff")) {
  const { main } = await import("./handoff/handoff_torture.ts");
  await main(Deno.args);
}
const options = parseOptions();
console.log(
  `${options.processes} processes contend for ${options.seconds} s below ${options.dir}, seed ${options.seed}`,
);
const outcome = await torture(options);
printStatistics(outcome);
console.log(`seed          ${options.seed}`);
if (outcome.violations.length > 0) {
  printViolations(outcome);
  Deno.exit(1);
}

function parseOptions(): TortureOptions {
  const flags = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["seconds", "processes", "seed", "dir", "stop-at", "import-map"],
    default: {
      seconds: "20",
      processes: "8",
      seed: String(crypto.getRandomValues(new Uint32Array(1))[0]),
      dir: memoryDir(),
      "import-map": fromFileUrl(new URL("../import_map.npm.json", import.meta.url)),
    },
    unknown: (flag: string) => fail(`There is no ${flag}`),
  });
  if (flags.help) {
    console.log(HELP);
    Deno.exit();
  }
  const [seconds, processes] = [flags.seconds, flags.processes].map(Number);
  if (!(seconds > 0 && seconds <= DAY)) fail(`--seconds is not above 0, or more than a day: ${flags.seconds}`);
  if (!(Number.isInteger(processes) && processes > 0)) fail(`--processes is not 1 or more: ${flags.processes}`);
  if (!isDirectory(flags.dir)) fail(`--dir is not a directory: ${flags.dir}`);
  return {
    seconds,
    processes,
    seed: flags.seed,
    dir: flags.dir,
    importMap: flags["import-map"],
    stopAt: flags["stop-at"],
  };
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function fail(message: string): never {
  console.error(`${message}. Try --help.`);
  Deno.exit(2);
}

function printStatistics({ statistics, capabilities }: Outcome): void {
  console.log(`
rounds        ${statistics.rounds}, ${statistics.foreignRounds} of them by flock(1) and Python's fcntl.flock
kills         ${statistics.kills}, ${statistics.killedHolders} of them of the holder
stops         ${statistics.stops}
plants        ${statistics.plants} times garbage in the pidfile
inspections   ${statistics.looks}
refusals      ${statistics.refusals}
waits         ${statistics.waits}
longest wait  ${statistics.longestWait} ms
overlaps      ${statistics.overlaps}`);
  const absent = missing(capabilities);
  if (absent.length > 0) console.log(`without       ${absent.join(", ")}`);
}

function printViolations({ violations, records }: Outcome): void {
  for (const [rule, found] of Map.groupBy(violations, (violation) => violation.rule)) {
    console.error(`\n${rule}: ${found.length} times`);
    for (const violation of found.slice(0, SHOWN)) console.error(show(violation, records));
  }
  const journal = Deno.makeTempFileSync({ prefix: "handoff-torture-", suffix: ".jsonl" });
  Deno.writeTextFileSync(journal, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  console.error(`\nThe whole journal is in ${journal}`);
}

/** The records, each with its place in the journal. */
function show(violation: Violation, records: readonly JournalRecord[]): string {
  const lines = violation.records.map((record) => `${records.indexOf(record) + 1}: ${JSON.stringify(record)}`);
  return lines.join("\n") + "\n";
}
