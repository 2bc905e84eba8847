import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { claim } from "../support/claim.ts";
import { type Call, trace } from "../support/strace.ts";

for (const form of ["acquire", "acquireSync"]) {
  claim(`${form}() locks, proves the lock, and only then publishes the pidfile, flushed before and after`, async () => {
    assertEquals((await trace([form])).filter(isStep).slice(0, 9).map(step), [
      "open .handoff.lock",
      "flock .handoff.lock LOCK_EX|LOCK_NB = 0",
      "open .handoff.lock",
      "flock .handoff.lock LOCK_EX|LOCK_NB = -1",
      "open .handoff.pidfile.tmp",
      "write .handoff.pidfile.tmp",
      "fsync .handoff.pidfile.tmp",
      "rename .handoff.pidfile.tmp",
      "fsync .",
    ]);
  }, { needs: ["strace"] });
}

for (const form of ["release", "releaseSync"]) {
  claim(`${form}() removes the pidfile, then unlocks, then closes the lockfile`, async () => {
    const calls = await trace(["acquire", form]);
    const steps = calls.filter((call) => isStep(call) || call.name === "close" && call.file === ".handoff.lock");
    assertEquals(steps.slice(-3).map(step), [
      "unlink .handoff.pidfile",
      "flock .handoff.lock LOCK_UN = 0",
      "close .handoff.lock",
    ]);
  }, { needs: ["strace"] });
}

claim("no descriptor of the lockfile is inherited, follows a symbolic link, or waits for a FIFO", async () => {
  const calls = await trace(["acquire", "acquire", "release", "acquireSync", "releaseSync"]);
  const opens = calls.filter((call) => call.name === "open" && call.file === ".handoff.lock");
  assertNotEquals(opens, []);
  for (const flag of ["O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"]) {
    assertEquals(opens.filter((call) => !call.text.includes(flag)), []);
  }
}, { needs: ["strace"] });

claim("the lockfile is opened and locked, and nothing else is ever done to it", async () => {
  const calls = await trace(["acquire", "acquire", "breakAloud", "release", "breakSync", "releaseSync"]);
  const calledOn = new Set(calls.filter((call) => call.text.includes("/.handoff.lock")).map((call) => call.name));
  assertEquals([...calledOn].sort(), ["close", "flock", "open"]);
  assertEquals(calls.filter((call) => call.text.includes("O_TRUNC")), []);
}, { needs: ["strace"] });

claim("the pidfile on its way is made anew, and never what a crash left or a link leads to", async () => {
  const calls = await trace(["acquire"]);
  const opens = calls.filter((call) => call.name === "open" && call.file === ".handoff.pidfile.tmp");
  assertEquals(opens.length, 1);
  assertMatch(opens[0].text, /O_CREAT\|O_EXCL/);
}, { needs: ["strace"] });

/** Whether a call is one that the order of matters; not the closing, the looking, and the opening of what is missing. */
function isStep({ name, file, text }: Call): boolean {
  if (name === "open") return [".handoff.lock", ".handoff.pidfile.tmp"].includes(file) && !text.includes("= -1");
  return name !== "close";
}

/** A call in short; a flock with what it asks for, and what it gets. */
function step({ name, file, text }: Call): string {
  const flock = /, (LOCK_[A-Z_|]+)\)\s+(= \S+)/.exec(text);
  return flock === null ? `${name} ${file}` : `${name} ${file} ${flock[1]} ${flock[2]}`;
}
