import { assertEquals, assertStringIncludes } from "@std/assert";
import { claim, type Requirement } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";
import { testCopies } from "./copies.ts";
import type { Edit } from "./mutant.ts";

/** A lock, a daemon or a supervisor that is broken on purpose, to prove that one claim of the tests can fail. */
export interface ClaimMutant {
  /** "a lock that …", or what else is broken. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The file of the test, from `tests/` on and without `_test.ts`. */
  readonly test: string;
  /** The claim that does not hold of it. */
  readonly claim: string;
  /** What the test says of it: a part of its message, in which a slow machine or a broken test would not be named. */
  readonly says: string;
  /** The invariants of ARCHITECTURE.md that it proves; none where that has none for it. */
  readonly invariants: readonly number[];
  /** What the test needs. */
  readonly needs?: readonly Requirement[];
}

/** Claims that each mutant fails its test, in the test's own words, and that a copy which is not broken passes them all. */
export function claimMutants(what: string, mutants: readonly ClaimMutant[], subject = "a lock"): void {
  let tested: ReturnType<typeof testAll> | undefined;
  const results = () => tested ??= testAll(mutants);

  for (const mutant of mutants) {
    claim(`${subject} that ${mutant.name} is found by ${mutant.test}: ${mutant.claim}`, async () => {
      const { broken } = await results();
      assertStringIncludes(broken.get(mutant) ?? "The test did not run", mutant.says);
    }, { needs: mutant.needs });
  }

  claim(`what finds the mutants of ${what} finds nothing where nothing is broken`, async () => {
    const { unbroken } = await results();
    assertEquals(unbroken, Object.fromEntries(mutants.map((mutant) => [mutant.claim, "passed"])));
  });
}

/** Tests all mutants, and the unbroken lock beside them: one run for all, since most of them wait most of the time. */
async function testAll(mutants: readonly ClaimMutant[]) {
  using folder = new TempDir();
  const whole = { name: "unbroken", edits: [], claims: mutants };
  const copies = mutants.map((mutant, index) => ({ name: `${index}`, edits: mutant.edits, claims: [mutant] }));
  const results = await testCopies([whole, ...copies], folder.path);
  return {
    unbroken: results.get(whole.name),
    broken: new Map(mutants.map((mutant, index) => [mutant, results.get(`${index}`)?.[mutant.claim]])),
  };
}
