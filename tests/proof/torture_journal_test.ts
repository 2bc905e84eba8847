import { assertEquals, assertThrows } from "@std/assert";
import { Journal } from "../../torture/journal.ts";
import { Random } from "../../torture/random.ts";
import { claim } from "../support/claim.ts";
import { ONE, TWO } from "./made_journal.ts";
import { TempDir } from "../support/temp_dir.ts";

/** More than the journal reads at once in search of a hold. */
const MANY = 100;

claim("a journal finds the last hold, however much was written since", () => {
  using dir = new TempDir();
  using journal = new Journal(dir.join("journal"));
  for (const hold of [1, 2]) journal.append(ONE, { what: "enter", hold, form: "acquire", waited: 0 });
  for (let count = 0; count < MANY; count++) journal.append(TWO, { what: "aborted", waited: count });
  assertEquals(journal.lastEnter()?.hold, 2);
});

claim("a journal without a hold has no last one", () => {
  using dir = new TempDir();
  using journal = new Journal(dir.join("journal"));
  journal.append(ONE, { what: "start" });
  assertEquals(journal.lastEnter(), undefined);
});

claim("a journal has the records of all that have it open, in the order of writing", () => {
  using dir = new TempDir();
  using one = new Journal(dir.join("journal"));
  using two = new Journal(dir.join("journal"));
  one.append(ONE, { what: "start" });
  two.append(TWO, { what: "start" });
  one.append(ONE, { what: "aborted", waited: 1 });
  assertEquals(two.records().map(({ who, what }) => [who, what]), [
    [ONE.who, "start"],
    [TWO.who, "start"],
    [ONE.who, "aborted"],
  ]);
});

claim("records are as long as no page of memory can divide them", () => {
  using dir = new TempDir();
  using journal = new Journal(dir.join("journal"));
  journal.append(ONE, { what: "start" });
  const { size } = Deno.statSync(dir.join("journal"));
  assertEquals(4096 % size, 0);
});

claim("a record that is too long is refused, and not cut", () => {
  using dir = new TempDir();
  using journal = new Journal(dir.join("journal"));
  assertThrows(() => journal.append(ONE, { what: "error", message: "x".repeat(300) }), RangeError);
  assertEquals(journal.length, 0);
});

claim("the same seed makes the same choices, and another one others", () => {
  const choices = (seed: string) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1_000_000));
  };
  assertEquals(choices("4711"), choices("4711"));
  assertEquals(choices("4711").filter((choice) => choices("4712").includes(choice)), []);
});
