import { assertEquals } from "@std/assert";
import { claim } from "../support/claim.ts";
import { brokenRules, enter, exit, FOREIGN, kill, ONE, plant, refused, TWO } from "./made_journal.ts";

const OVERLAP = "two held the lock at once";
const UNSEEN = "the holder did not see the entries of those before it";
const PIDFILE = "the pidfile did not name the holder";
const FALSE_DEATH = "a live holder was called dead";

claim("the checker finds nothing wrong with holds that follow each other", () => {
  assertEquals(brokenRules(enter(ONE, 1), exit(ONE, 1), enter(TWO, 2), exit(TWO, 2)), []);
});

claim("the checker finds a hold that began before the last one ended", () => {
  assertEquals(brokenRules(enter(ONE, 1), enter(TWO, 2), exit(ONE, 1), exit(TWO, 2)), [OVERLAP]);
});

claim("the checker finds a hold that began before the last holder was killed", () => {
  assertEquals(brokenRules(enter(ONE, 1), enter(TWO, 2), kill(ONE), exit(TWO, 2)), [OVERLAP]);
});

claim("the checker finds a hold that began before the last word of a holder that was killed", () => {
  assertEquals(brokenRules(kill(ONE), enter(ONE, 1), enter(TWO, 2), refused(ONE), exit(TWO, 2)), [OVERLAP]);
});

claim("the checker lets a hold begin after the last holder was killed", () => {
  assertEquals(brokenRules(enter(ONE, 1), kill(ONE), enter(TWO, 2), exit(TWO, 2)), []);
});

claim("the checker takes the first of two kills for the end of a holder", () => {
  assertEquals(brokenRules(enter(ONE, 1), kill(ONE), enter(TWO, 2), kill(ONE), exit(TWO, 2)), []);
});

claim("the checker finds a holder that counted as if it had not seen the last hold", () => {
  assertEquals(brokenRules(enter(ONE, 1), exit(ONE, 1), enter(TWO, 1), exit(TWO, 1)), [UNSEEN]);
});

claim("the checker finds a first holder that saw holds before the first", () => {
  assertEquals(brokenRules(enter(ONE, 2), exit(ONE, 2)), [UNSEEN]);
});

claim("the checker finds a pidfile that named another contender when a hold began", () => {
  assertEquals(brokenRules(enter(ONE, 1, { pidfile: `${TWO.pid}\n` }), exit(ONE, 1)), [PIDFILE]);
});

claim("the checker finds a pidfile that was gone before a hold ended", () => {
  assertEquals(brokenRules(enter(ONE, 1), exit(ONE, 1, { pidfile: null })), [PIDFILE]);
});

claim("the checker lets a holder find what the driver planted last", () => {
  assertEquals(brokenRules(plant("1\n"), plant("0\n"), enter(ONE, 1), exit(ONE, 1, { pidfile: "0\n" })), []);
});

claim("the checker finds a holder that reads what was planted before the last", () => {
  assertEquals(brokenRules(plant("1\n"), plant("0\n"), enter(ONE, 1), exit(ONE, 1, { pidfile: "1\n" })), [PIDFILE]);
});

claim("the checker lets a foreign holder find no pidfile", () => {
  assertEquals(brokenRules(enter(FOREIGN, 1, { pidfile: null }), exit(FOREIGN, 1, { pidfile: null })), []);
});

claim("the checker lets a foreign holder find the pid of a contender that was killed", () => {
  const stale = `${ONE.pid}\n`;
  assertEquals(brokenRules(kill(ONE), enter(FOREIGN, 1, { pidfile: stale }), exit(FOREIGN, 1, { pidfile: stale })), []);
});

claim("the checker lets a foreign holder find the pid of a contender that threw in its hold", () => {
  const stale = `${ONE.pid}\n`;
  assertEquals(brokenRules(enter(ONE, 1), exit(ONE, 1, { end: "throw" }), enter(FOREIGN, 2, { pidfile: stale })), []);
});

claim("the checker finds a foreign holder that reads the pid of a contender that lives", () => {
  const former = `${ONE.pid}\n`;
  const lines = [
    enter(ONE, 1),
    exit(ONE, 1),
    enter(FOREIGN, 2, { pidfile: former }),
    exit(FOREIGN, 2, { pidfile: null }),
  ];
  assertEquals(brokenRules(...lines), [PIDFILE]);
});

claim("the checker finds a contender that was called dead and wrote afterwards", () => {
  const lines = [enter(ONE, 1), refused(TWO, { named: ONE.pid, liveness: "dead" }), exit(ONE, 1)];
  assertEquals(brokenRules(...lines), [FALSE_DEATH]);
});

claim("the checker lets a contender be called dead that writes no more", () => {
  const lines = [enter(ONE, 1), kill(ONE), refused(TWO, { named: ONE.pid, liveness: "dead" })];
  assertEquals(brokenRules(...lines), []);
});

claim("the checker lets the dead be called dead whose pid another contender got", () => {
  const lines = [enter(ONE, 1), kill(ONE), refused(TWO, { named: ONE.pid, liveness: "dead" })];
  const heir = { who: "1.2", pid: ONE.pid };
  assertEquals(brokenRules(...lines, [heir, { what: "start" }], enter(heir, 2), exit(heir, 2)), []);
});

claim("the checker finds process 1 called dead", () => {
  assertEquals(brokenRules(refused(TWO, { named: 1, liveness: "dead" })), [FALSE_DEATH]);
});
