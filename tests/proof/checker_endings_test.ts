import { assertEquals } from "@std/assert";
import { claim } from "../support/claim.ts";
import { brokenRules, DRIVER, enter, exit, goodEnd, kill, type Line, ONE, START, verdictOn } from "./made_journal.ts";

const FELL = "a process ended, and nobody had ended it";

function gone(fields: { code: number; signal?: string }): Line {
  return [DRIVER, { what: "gone", whom: ONE.who, said: "", ...fields }];
}

claim("the checker finds an error that nobody promised", () => {
  assertEquals(brokenRules([ONE, { what: "error", message: "EIO" }]), ["the lock failed"]);
});

claim("the checker finds a process that did not come to its end", () => {
  assertEquals(brokenRules([DRIVER, { what: "stuck", whom: ONE.who }]), ["a process did not come to its end"]);
});

claim("the checker finds a process that ended with an error", () => {
  assertEquals(brokenRules(gone({ code: 1 })), [FELL]);
});

claim("the checker finds a process that was killed by a signal that nobody sent", () => {
  assertEquals(brokenRules(gone({ code: 139, signal: "SIGSEGV" })), [FELL]);
});

claim("the checker finds a process that was killed, and not by the driver", () => {
  assertEquals(brokenRules(gone({ code: 137, signal: "SIGKILL" })), [FELL]);
});

claim("the checker lets a process end that the driver killed", () => {
  assertEquals(brokenRules(kill(ONE), gone({ code: 137, signal: "SIGKILL" })), []);
});

claim("the checker lets a process end by an error that it threw on purpose", () => {
  assertEquals(brokenRules(enter(ONE, 1), exit(ONE, 1, { end: "throw" }), gone({ code: 1 })), []);
});

claim("the checker lets a process end by its own hand when it left an orphan", () => {
  assertEquals(
    brokenRules(enter(ONE, 1), exit(ONE, 1, { end: "orphan" }), gone({ code: 137, signal: "SIGKILL" })),
    [],
  );
});

claim("the checker finds a lockfile that is another one in the end", () => {
  assertEquals(verdictOn(...START, goodEnd({ inode: 8 })), ["the lockfile is not the one that it was"]);
});

claim("the checker finds a lockfile that is gone in the end", () => {
  assertEquals(verdictOn(...START, goodEnd({ inode: undefined })), ["the lockfile is not the one that it was"]);
});

claim("the checker finds a lock that is held by nobody's leave in the end", () => {
  const rule = "the lock is held, and all that contended for it are gone";
  assertEquals(verdictOn(...START, goodEnd({ free: false })), [rule]);
});

claim("the checker finds a file that is left over", () => {
  const files = [".handoff.lock", ".handoff.pidfile.tmp"];
  assertEquals(verdictOn(...START, goodEnd({ files })), ["more than the lockfile and the pidfile is left"]);
});

claim("the checker finds a torture that broke off", () => {
  assertEquals(verdictOn(...START), ["the torture did not come to its end"]);
});
