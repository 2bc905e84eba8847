import { assertEquals } from "@std/assert";
import { claim, type Requirement } from "../support/claim.ts";
import { type Edit, makeMutant } from "./mutant.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A lock that is broken on purpose, to prove that one claim of the tests can fail. */
export interface ClaimMutant {
  /** "a lock that …" */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The file of the test, from `tests/` on and without `_test.ts`. */
  readonly test: string;
  /** The claim that does not hold of it. */
  readonly claim: string;
  /** What the test needs. */
  readonly needs?: readonly Requirement[];
}

/** Has a claim whose promise is never kept fail soon. */
export const IMPATIENT: Edit = {
  file: "tests/support/patience.ts",
  from: "const PATIENCE_MS = 300_000;",
  to: "const PATIENCE_MS = 2_000;",
};

/** What the tests need of the project beside the module. */
const TESTS = ["tests", "deno.json", "deno.lock"];

/** Without what a test run asks its programs to write at their end: the files are gone by then. */
const { DENO_COVERAGE_DIR: _, ...INHERITED } = Deno.env.toObject();
const ENVIRONMENT = { ...INHERITED, NO_COLOR: "1" };

/** Claims that each mutant fails its test, and that the same test passes on a copy that is not broken. */
export function claimMutants(what: string, mutants: readonly ClaimMutant[]): void {
  for (const mutant of mutants) {
    claim(`a lock that ${mutant.name} is found by ${mutant.test}: ${mutant.claim}`, async () => {
      assertEquals(await verdicts(mutant.edits, [mutant]), { [mutant.claim]: "not ok" });
    }, { needs: mutant.needs });
  }

  claim(`what finds the mutants of ${what} finds nothing where nothing is broken`, async () => {
    assertEquals(await verdicts([], mutants), Object.fromEntries(mutants.map((mutant) => [mutant.claim, "ok"])));
  });
}

/** Runs some claims on a copy of the module, with those edits; what came of each. */
async function verdicts(edits: readonly Edit[], claims: readonly ClaimMutant[]): Promise<Record<string, string>> {
  using copy = new TempDir();
  const importMap = await makeMutant(edits, copy.path, TESTS);
  const names = claims.map((mutant) => literally(mutant.claim));
  const files = new Set(claims.map(({ test }) => `tests/${test}_test.ts`));
  const flags = ["--quiet", "-A", "--no-check", "--frozen", "--reporter=tap", `--import-map=${importMap}`];
  const [command, ...args] = [Deno.execPath(), "test", ...flags];
  const { stdout } = await new Deno.Command(command, {
    args: [...args, `--filter=/^(${names.join("|")})$/`, ...files],
    cwd: copy.path,
    clearEnv: true,
    env: ENVIRONMENT,
    stderr: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).matchAll(/^(ok|not ok) \d+ - (.*?)(?: # SKIP)?$/gm);
  return Object.fromEntries([...lines].map(([, verdict, name]) => [name, verdict]));
}

/** A regular expression that only this text matches. */
function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
