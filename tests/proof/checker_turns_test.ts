import { assertEquals } from "@std/assert";
import { claim } from "../support/claim.ts";
import { brokenRules, enter, exit, goodEnd, type Line, ONE, START, TWO, verdictOn } from "./made_journal.ts";

/** A hundred for each of two contenders. */
const MOST = 200;
const STARVED = `the contender was passed over ${MOST} times`;

/** Holds of `TWO`, one after the other; the first is number `first`. */
function holds(count: number, first = 1): Line[] {
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  return numbers.flatMap((number) => [enter(TWO, number), exit(TWO, number)]);
}

claim("the checker finds a contender that others passed over again and again", () => {
  assertEquals(brokenRules(...holds(MOST + 1)), [STARVED]);
});

claim("the checker lets a contender be passed over as often as chance may have it", () => {
  assertEquals(brokenRules(...holds(MOST)), []);
});

claim("the checker counts anew when a contender gets the lock", () => {
  const turn = [enter(ONE, MOST + 1), exit(ONE, MOST + 1)];
  assertEquals(brokenRules(...holds(MOST), ...turn, ...holds(MOST, MOST + 2)), []);
});

claim("the checker counts from the start of a contender", () => {
  const [begin, startOfOne, startOfTwo] = START;
  const lines = [begin, startOfTwo, ...holds(MOST), startOfOne, ...holds(MOST, MOST + 1), goodEnd()];
  assertEquals(verdictOn(...lines), []);
});
