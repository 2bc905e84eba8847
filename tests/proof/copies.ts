import { type Edit, makeMutant } from "./mutant.ts";

/** A copy of the project, perhaps broken, and the claims to test of it. */
export interface Copy {
  /** The name of its folder. */
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly claims: readonly { readonly test: string; readonly claim: string }[];
}

/** What came of the claims of a copy: "passed", or what the test says, by the claim. */
export type Results = Readonly<Record<string, string>>;

/** What the tests need of the project beside the module. */
const TESTS = ["cli.ts", "cli", "daemon.ts", "handoff", "tests", "deno.json", "deno.lock"];

/** Has a claim whose promise is never kept fail soon; of all copies alike. */
const IMPATIENT: Edit = {
  file: "tests/support/patience.ts",
  from: "const PATIENCE_MS = 300_000;",
  to: "const PATIENCE_MS = 20_000;",
};

/** How many test files run at a time: more than there are processors, since most of what is tested waits in vain. */
const JOBS = "8";

/** In place of hanging, on a machine of any speed: half an hour. */
const WITHOUT_HANGING = ["timeout", "--signal=KILL", "1800"];

/** Without what a test run asks its programs to write at their end: the files are gone by then. */
const { DENO_COVERAGE_DIR: _, ...INHERITED } = Deno.env.toObject();
const ENVIRONMENT = { ...INHERITED, NO_COLOR: "1", DENO_JOBS: JOBS };

/** Tests all the copies, in `folder`, in one run; the results by the names of the copies. */
export async function testCopies(copies: readonly Copy[], folder: string): Promise<Map<string, Results>> {
  for (const { name, edits, claims } of copies) {
    await makeMutant([...edits, IMPATIENT, only(claims.map(({ claim }) => claim))], `${folder}/${name}`, TESTS);
  }
  const [{ name: first }] = copies;
  const report = `${folder}/report.xml`;
  const flags = ["--quiet", "-A", "--no-check", "--frozen", "--parallel", "--reporter=dot", `--junit-path=${report}`];
  const imports = [`--config=${folder}/${first}/deno.json`, `--import-map=${importMap(copies, folder)}`];
  const files = copies.flatMap(({ name, claims }) => {
    return [...new Set(claims.map(({ test }) => `${folder}/${name}/tests/${test}_test.ts`))];
  });
  const [command, ...args] = [...WITHOUT_HANGING, Deno.execPath(), "test", ...flags, ...imports, ...files];
  await new Deno.Command(command, {
    args,
    cwd: folder,
    clearEnv: true,
    env: ENVIRONMENT,
    stdout: "null",
    stderr: "null",
  }).output();
  return read(Deno.readTextFileSync(report));
}

/** Has only these claims tested. */
function only(claims: readonly string[]): Edit {
  const begin = "  const missing = (options.needs ?? [])";
  return {
    file: "tests/support/claim.ts",
    from: begin,
    to: `  if (!${JSON.stringify(claims)}.includes(name)) return;\n${begin}`,
  };
}

/** An import map by which each copy tests itself. */
function importMap(copies: readonly Copy[], folder: string): string {
  const path = `${folder}/import_map.json`;
  const { imports } = JSON.parse(Deno.readTextFileSync(`${folder}/${copies[0].name}/import_map.npm.json`));
  const scopes = Object.fromEntries(copies.map(({ name }) => [`./${name}/`, { "@scope/handoff": `./${name}/mod.ts` }]));
  Deno.writeTextFileSync(path, JSON.stringify({ imports, scopes }));
  return path;
}

/** Reads a JUnit report. Each test is registered by its copy's own `claim.ts`, which is what the report calls its class. */
function read(report: string): Map<string, Results> {
  const cases = report.matchAll(/<testcase name="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs);
  const results = new Map<string, Record<string, string>>();
  for (const [, name, path, outcome = ""] of cases) {
    const [copy] = path.split("/tests/")[0].split("/").slice(-1);
    const failure = /<failure message="([^"]*)"/.exec(outcome)?.[1];
    results.set(copy, { ...results.get(copy), [text(name)]: failure === undefined ? "passed" : text(failure) });
  }
  return results;
}

/** What an attribute of XML says. */
function text(attribute: string): string {
  const named: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return attribute.replaceAll(/&(?:#(x?)([0-9a-f]+)|(\w+));/gi, (_, hex, code, name) => {
    return name === undefined ? String.fromCodePoint(parseInt(code, hex ? 16 : 10)) : named[name] ?? "";
  });
}
