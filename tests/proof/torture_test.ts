import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { claim } from "../support/claim.ts";
import { makeMutant } from "./mutant.ts";
import { LOCKS_NOTHING } from "./mutants.ts";
import { eventually, inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

/** What the torture printed, and its exit code. */
interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

claim("a short torture finds nothing wrong", async () => {
  const { code, stderr } = await shortTorture();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

claim("a short torture tells that nobody overlapped, and its seed", async () => {
  const { stdout } = await shortTorture();
  assertMatch(stdout, /^overlaps +0$/m);
  assertMatch(stdout, /^seed +4711$/m);
});

for (const deed of ["rounds", "kills", "stops", "plants", "inspections", "refusals", "waits", "longest wait"]) {
  claim(`a short torture has its ${deed}`, async () => {
    assertMatch((await shortTorture()).stdout, new RegExp(`^${deed} +[1-9]`, "m"));
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
  const { code, stderr } = await run(["--processes=0"]);
  assertEquals({ code, stderr }, { code: 2, stderr: "--processes is not 1 or more: 0. Try --help.\n" });
});

claim("a torture that is interrupted leaves nothing on the disk", async () => {
  using dir = new TempDir();
  const process = command([`--dir=${dir.path}`]).spawn();
  const output = process.output();
  await eventually(() => assertMatch(Deno.readTextFileSync(`${dir.join(dir.entries()[0])}/journal`), /"what":"enter"/));
  process.kill("SIGTERM");
  assertEquals((await inTime(output)).code, 130);
  assertEquals(dir.entries(), []);
});

let short: Promise<Run> | undefined;

/** One run, for all claims. */
function shortTorture(): Promise<Run> {
  return short ??= run(["--seconds=5", "--seed=4711"]);
}

let failed: Promise<Run & { left: string }> | undefined;

/** One run of a lock that fails, and what it left behind. */
function failedTorture(): Promise<Run & { left: string }> {
  return failed ??= failTorture();
}

async function failTorture(): Promise<Run & { left: string }> {
  using dir = new TempDir();
  const importMap = await makeMutant(LOCKS_NOTHING.edits, dir.path);
  const outcome = await run(["--seconds=2", `--import-map=${importMap}`], { TMPDIR: dir.path });
  const [journal] = dir.entries().filter((name) => name.endsWith(".jsonl"));
  return { ...outcome, left: Deno.readTextFileSync(dir.join(journal)) };
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const { code, stdout, stderr } = await command(args, env).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: output, stderr: errors };
}

/** What `deno task torture` runs. */
function command(args: readonly string[], env: Record<string, string> = {}): Deno.Command {
  const [config, importMap, main] = ["deno.json", "import_map.npm.json", "torture/main.ts"].map(path);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--frozen", `--config=${config}`, `--import-map=${importMap}`, "-A", main, ...args],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}

function path(name: string): string {
  return fromFileUrl(new URL(`../../${name}`, import.meta.url));
}
