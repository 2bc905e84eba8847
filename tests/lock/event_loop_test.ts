import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { inTime } from "../support/patience.ts";
import { trace } from "../support/strace.ts";
import { TempDir } from "../support/temp_dir.ts";

const FLUSHED = [".handoff.pidfile.tmp", "."];

for (const form of ["acquire", "break"]) {
  const name = form === "break" ? "acquireOrBreakStale()" : "acquire()";

  claim(`${name} flushes to the disk, but not on the thread of the event loop`, async () => {
    const calls = await trace([form]);
    const eventLoop = calls.find((call) => call.name === "flock")?.thread;
    const flushes = calls.filter((call) => call.name === "fsync");
    assertEquals(flushes.map((call) => call.file), FLUSHED);
    assertEquals(flushes.filter((call) => call.thread === eventLoop), []);
  }, { needs: ["strace"] });

  claim(`${name.replace("()", "Sync()")} asks no other thread for anything`, async () => {
    const calls = await trace([`${form}Sync`]);
    const flushes = calls.filter((call) => call.name === "fsync");
    assertEquals(flushes.map((call) => call.file), FLUSHED);
    assertEquals(new Set(calls.map((call) => call.thread)).size, 1);
  }, { needs: ["strace"] });
}

claim("a lock that is held does not keep its program from ending", async () => {
  using dir = new TempDir();
  await using program = new Child("forgetful.ts", { args: [dir.path] });
  assertEquals((await program.next()).event, "acquired");
  assertEquals((await inTime(program.status)).code, 0);
});
