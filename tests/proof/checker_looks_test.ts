import { assertEquals } from "@std/assert";
import type { Entry } from "../../torture/record.ts";
import { claim } from "../support/claim.ts";
import { brokenRules, enter, exit, FOREIGN, kill, type Line, ONE, plant, START, TWO } from "./made_journal.ts";

const WRONG = "inspect told something else than was so";
const INSPECTOR = { who: "asker", pid: 104 };

type Look = Extract<Entry, { what: "look" }>;

/** What `inspect` told while `ONE` held, which was alone in the journal when it was asked, but for `more` records. */
function look(told: Partial<Look> = {}, more = 0): Line {
  const since = START.length + 1 + more;
  const right = { held: true, source: "kernel", pidfile: "present", named: ONE.pid, kernelPid: ONE.pid };
  return [INSPECTOR, { what: "look", since, ...right, ...told }];
}

claim("the checker finds nothing wrong with an inspect that names the holder", () => {
  assertEquals(brokenRules(enter(ONE, 1), look(), exit(ONE, 1)), []);
});

claim("the checker finds an inspect that called a held lock free", () => {
  assertEquals(brokenRules(enter(ONE, 1), look({ held: false }), exit(ONE, 1)), [WRONG]);
});

claim("the checker finds an inspect that named another process than the holder", () => {
  assertEquals(brokenRules(enter(ONE, 1), look({ named: TWO.pid }), exit(ONE, 1)), [WRONG]);
});

claim("the checker finds an inspect that found no pidfile while one was published", () => {
  assertEquals(brokenRules(enter(ONE, 1), look({ named: undefined, pidfile: "missing" }), exit(ONE, 1)), [WRONG]);
});

claim("the checker finds an inspect whose kernel named another process than the holder", () => {
  assertEquals(brokenRules(enter(ONE, 1), look({ kernelPid: TWO.pid }), exit(ONE, 1)), [WRONG]);
});

claim("the checker lets inspect name the pid that the driver planted", () => {
  assertEquals(brokenRules(enter(ONE, 1), plant("1\n"), look({ named: 1 }, 1), exit(ONE, 1)), []);
});

claim("the checker finds an inspect that named another pid than the planted", () => {
  assertEquals(brokenRules(enter(ONE, 1), plant("1\n"), look({ named: 2 }, 1), exit(ONE, 1)), [WRONG]);
});

claim("the checker finds an inspect that found no pidfile where garbage was planted", () => {
  const missing = look({ named: undefined, pidfile: "missing" }, 1);
  assertEquals(brokenRules(enter(ONE, 1), plant("0\n"), missing, exit(ONE, 1)), [WRONG]);
});

claim("the checker lets inspect find the pidfile malformed where garbage was planted", () => {
  const malformed = look({ named: undefined, pidfile: "malformed" }, 1);
  assertEquals(brokenRules(enter(ONE, 1), plant("0\n"), malformed, exit(ONE, 1)), []);
});

claim("the checker finds an inspect that called the lock of a foreign holder free", () => {
  assertEquals(
    brokenRules(enter(FOREIGN, 1, { pidfile: null }), look({ held: false }), exit(FOREIGN, 1, { pidfile: null })),
    [WRONG],
  );
});

claim("the checker lets inspect find a stale pidfile beside a foreign holder", () => {
  const looked = look({ kernelPid: FOREIGN.pid });
  assertEquals(brokenRules(enter(FOREIGN, 1, { pidfile: null }), looked, exit(FOREIGN, 1, { pidfile: null })), []);
});

claim("the checker does not judge an inspect during which the hold began", () => {
  assertEquals(brokenRules(enter(ONE, 1), look({ held: false }, -1), exit(ONE, 1)), []);
});

claim("the checker does not judge an inspect during which something was planted", () => {
  const lines = [enter(ONE, 1), plant("1\n"), plant("0\n"), look({ named: 1 }, 1), exit(ONE, 1)];
  assertEquals(brokenRules(...lines), []);
});

claim("the checker does not judge an inspect during which the hold ended", () => {
  assertEquals(brokenRules(enter(ONE, 1), exit(ONE, 1), look({ held: false })), []);
});

claim("the checker does not judge an inspect of a lock whose holder was being killed", () => {
  assertEquals(brokenRules(enter(ONE, 1), kill(ONE), look({ held: false }, 1)), []);
});
