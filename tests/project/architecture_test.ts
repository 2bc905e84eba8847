import { existsSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { CLAIM_MUTANTS } from "../proof/claim_mutants.ts";
import { MUTANTS } from "../proof/mutants.ts";
import { PASSAGE_MUTANTS } from "../proof/passage_mutants.ts";
import { WAITING_MUTANTS } from "../proof/waiting_mutants.ts";
import { claim } from "../support/claim.ts";

const ROOT = new URL("../..", import.meta.url);
const TEXT = Deno.readTextFileSync(new URL("ARCHITECTURE.md", ROOT));

/** The invariants, by their numbers, each with the tests that its row names. */
const INVARIANTS = new Map([...TEXT.matchAll(/^\| (\d+) +\|.*\|(.*)\|$/gm)].map(([, number, tests]) => {
  return [Number(number), testsIn(tests)];
}));

const NUMBERS = [...INVARIANTS.keys()];
const ALL_MUTANTS = [...MUTANTS, ...CLAIM_MUTANTS, ...WAITING_MUTANTS, ...PASSAGE_MUTANTS];

claim("each test that ARCHITECTURE.md names is there", () => {
  const missing = testsIn(TEXT).filter((test) => !existsSync(new URL(`tests/${test}_test.ts`, ROOT)));
  assertEquals(missing, []);
});

claim("ARCHITECTURE.md names each test of lock/", () => {
  const named = new Set(testsIn(TEXT));
  assertEquals(testsOf("lock").filter((test) => !named.has(test)), []);
});

claim("the invariants of ARCHITECTURE.md are numbered from 1", () => {
  assertEquals(NUMBERS, NUMBERS.map((_, index) => index + 1));
  assertEquals(NUMBERS.length > 0, true);
});

claim("each invariant of ARCHITECTURE.md has tests, and a mutant that proves that they can fail", () => {
  const proved = new Set(ALL_MUTANTS.flatMap(({ invariants }) => invariants));
  assertEquals(NUMBERS.filter((number) => INVARIANTS.get(number)?.length === 0 || !proved.has(number)), []);
});

claim("each mutant is of an invariant of ARCHITECTURE.md, whose row names its test", () => {
  const strangers = [...CLAIM_MUTANTS, ...WAITING_MUTANTS, ...PASSAGE_MUTANTS]
    .filter(({ test, invariants }) => !invariants.every((number) => INVARIANTS.get(number)?.includes(test)));
  assertEquals(strangers.map(({ name }) => name), []);
  assertEquals(ALL_MUTANTS.filter(({ invariants }) => invariants.length === 0).map(({ name }) => name), []);
  assertEquals(MUTANTS.flatMap(({ invariants }) => invariants).filter((number) => !INVARIANTS.has(number)), []);
});

claim("each invariant of the handoff in ARCHITECTURE.md has tests", () => {
  const rows = [...TEXT.matchAll(/^\| H(\d+) +\|.*\|(.*)\|$/gm)].map(([, number, tests]) => [Number(number), tests]);
  assertEquals(rows.map(([number]) => number), rows.map((_, index) => index + 1));
  assertEquals(rows.filter(([, tests]) => testsIn(`${tests}`).length === 0), []);
  assertEquals(rows.length > 0, true);
});

/** The names of tests in a text: `lock/death`. */
function testsIn(text: string): string[] {
  return [...text.matchAll(/`((?:lock|ffi|cli|project|proof|handoff(?:\/[a-z_]+)+)\/[a-z_]+)`/g)].map(([, name]) =>
    name
  );
}

/** The tests of a folder, as ARCHITECTURE.md names them. */
function testsOf(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`tests/${folder}`, ROOT))].filter(({ name }) => name.endsWith("_test.ts"))
    .map(({ name }) => `${folder}/${name.slice(0, -"_test.ts".length)}`);
}
