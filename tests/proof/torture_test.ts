import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../support/claim.ts";
import { makeMutant } from "./mutant.ts";
import { LOCKS_NOTHING } from "./mutants.ts";
import { eventually, inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";
import { runTorture, tortureCommand, type TortureRun, tortureUntil } from "./torture_run.ts";

/** What a torture does, by the names of the figures that it prints. */
const EVENTS = ["rounds", "kills", "stops", "plants", "inspections", "refusals", "waits", "longest wait"];

claim("a short torture finds nothing wrong", async () => {
  const { code, stderr } = await shortTorture();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

claim("a short torture tells that nobody overlapped, and its seed", async () => {
  const { stdout } = await shortTorture();
  assertMatch(stdout, /^overlaps +0$/m);
  assertMatch(stdout, /^seed +4711$/m);
});

for (const event of EVENTS) {
  claim(`a short torture has ${event}`, async () => {
    assertMatch((await shortTorture()).stdout, some(event));
  });
}

claim("a torture of a lock that locks nothing ends with 1, and shows who held at once", async () => {
  const { code, stderr } = await failedTorture();
  assertEquals(code, 1);
  assertMatch(stderr, /^two held the lock at once: \d+ times\n\d+: {.*"what":"enter".*}\n\d+: {.*"what":"enter".*}\n/m);
});

claim("a torture that failed leaves the whole journal", async () => {
  const { stderr, left } = await failedTorture();
  assertMatch(stderr, /^The whole journal is in /m);
  assertMatch(left, /"what":"begin".*\n[^]*"what":"end".*\n$/);
});

claim("a torture by a number of processes that is none ends with 2, and a hint", async () => {
  const { code, stderr } = await runTorture(["--processes=0"]);
  assertEquals({ code, stderr }, { code: 2, stderr: "--processes is not 1 or more: 0. Try --help.\n" });
});

claim("a torture that is interrupted leaves nothing on the disk", async () => {
  using dir = new TempDir();
  const process = tortureCommand([`--dir=${dir.path}`]).spawn();
  const output = process.output();
  await eventually(() => assertMatch(Deno.readTextFileSync(`${dir.join(dir.entries()[0])}/journal`), /"what":"enter"/));
  process.kill("SIGTERM");
  assertEquals((await inTime(output)).code, 130);
  assertEquals(dir.entries(), []);
});

let short: Promise<TortureRun> | undefined;

/** One run, for all claims. */
function shortTorture(): Promise<TortureRun> {
  const isEnough = ({ code, stdout }: TortureRun) => code !== 0 || EVENTS.every((event) => some(event).test(stdout));
  return short ??= tortureUntil(isEnough, { seconds: 4, args: ["--seed=4711"] });
}

/** The line of a figure that is not 0. */
function some(event: string): RegExp {
  return new RegExp(`^${event} +[1-9]`, "m");
}

let failed: Promise<TortureRun & { left: string }> | undefined;

/** One run of a lock that fails, and what it left behind. */
function failedTorture(): Promise<TortureRun & { left: string }> {
  return failed ??= failTorture();
}

async function failTorture(): Promise<TortureRun & { left: string }> {
  using dir = new TempDir();
  const args = [`--import-map=${await makeMutant(LOCKS_NOTHING.edits, dir.path)}`];
  const isEnough = ({ stderr }: TortureRun) => stderr.includes(LOCKS_NOTHING.caughtBy);
  const run = await tortureUntil(isEnough, { seconds: 1, args, env: { TMPDIR: dir.path } });
  const [journal] = dir.entries().filter((name) => name.endsWith(".jsonl"));
  return { ...run, left: Deno.readTextFileSync(dir.join(journal)) };
}
