import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { holding } from "../support/holding.ts";
import { eventually, inTime } from "../support/patience.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  claim(`acquire() succeeds after the holder was killed with ${signal}`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    assertEquals((await holder.killed(signal)).signal, signal);
    assertEquals(pidfile(dir), `${holder.pid}\n`);
    await assertNextAcquires(dir);
  });
}

const ENDS = [
  { way: "throw", what: "died of an uncaught exception", code: 1 },
  { way: "reject", what: "died of an unhandled rejection", code: 1 },
  { way: "exit", what: "called Deno.exit() inside its `await using` block", code: 3 },
  { way: "processExit", what: "called process.exit() inside its `await using` block", code: 3 },
] as const;

for (const { way, what, code } of ENDS) {
  claim(`acquire() succeeds after the holder ${what}`, async () => {
    using dir = new TempDir();
    await endOf(dir, way, code);
    await assertNextAcquires(dir);
  });
}

for (const { way, what, code } of ENDS.filter((end) => end.code === 3)) {
  claim(`no pidfile stays behind when the holder ${what}`, async () => {
    using dir = new TempDir();
    await endOf(dir, way, code);
    assertEquals(dir.entries(), [".handoff.lock"]);
  });
}

claim("acquire() succeeds after the holder ended without releasing", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  assertEquals((await holder.end()).code, 0);
  await assertNextAcquires(dir);
});

claim("no pidfile stays behind when the holder ended without releasing", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  assertEquals((await holder.end()).code, 0);
  assertEquals(dir.entries(), [".handoff.lock"]);
});

claim("a holder that is stopped with SIGSTOP still holds", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path] });
  await using contender = new Child("holder.ts", { args: [dir.path] });
  await holder.ask("acquire");
  holder.kill("SIGSTOP");
  await eventually(() => assertStopped(holder.pid));
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.holder, { pid: holder.pid, liveness: "alive", self: false });
});

claim("a holder goes on after SIGCONT, and releases", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  holder.kill("SIGSTOP");
  await eventually(() => assertStopped(holder.pid));
  holder.kill("SIGCONT");
  assertEquals((await inTime(holder.ask("release"))).released, true);
  await assertNextAcquires(dir);
});

/** Acquires in a process that ends in the given way, and with the given code. */
async function endOf(dir: TempDir, way: string, code: number): Promise<void> {
  await using holder = new Child("ending.ts", { args: [dir.path, way] });
  assertEquals((await holder.next()).event, "acquired");
  await holder.send("now");
  assertEquals((await inTime(holder.status)).code, code);
}

async function assertNextAcquires(dir: TempDir): Promise<void> {
  await using next = new Child("holder.ts", { args: [dir.path] });
  assertEquals((await next.ask("acquire")).event, "acquired");
  assertEquals(pidfile(dir), `${next.pid}\n`);
}

/** Where there is no /proc to tell, the signal is taken to have worked. */
function assertStopped(pid: number): void {
  if (Deno.build.os !== "linux") return;
  const [state] = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1];
  assertEquals(state, "T");
}
