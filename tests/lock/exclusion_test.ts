import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { allStarted } from "../support/all_started.ts";
import { claim } from "../support/claim.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const form of ["acquire", "acquireSync"]) {
  claim(`${form}() is refused while another process holds the lock, and names that process`, async () => {
    using dir = new TempDir();
    await using holder = new Child("holder.ts", { args: [dir.path] });
    await using contender = new Child("holder.ts", { args: [dir.path] });
    await holder.ask("acquire");
    const refusal = await inTime(contender.ask(form));
    assertEquals(refusal.error, "LockHeldError");
    assertEquals(refusal.dataDir, dir.path);
    assertEquals(refusal.holder, { pid: holder.pid, liveness: "alive", self: false });
  });

  claim(`${form}() succeeds after another process has released the lock`, async () => {
    using dir = new TempDir();
    await using holder = new Child("holder.ts", { args: [dir.path] });
    await using contender = new Child("holder.ts", { args: [dir.path] });
    await holder.ask("acquire");
    await contender.ask(form);
    await holder.ask("release");
    assertEquals((await contender.ask(form)).event, "acquired");
  });
}

claim("of eight processes that acquire at once, exactly one gets the lock", async () => {
  using dir = new TempDir();
  await using children = new AsyncDisposableStack();
  const contenders = Array.from({ length: 8 }, () => children.use(new Child("holder.ts", { args: [dir.path] })));
  await allStarted(contenders);
  const reports = await Promise.all(contenders.map((contender) => contender.ask("acquire")));
  const outcomes = reports.map((report) => report.error ?? report.event).sort();
  assertEquals(outcomes, [...Array(7).fill("LockHeldError"), "acquired"]);
});

claim("a process that holds one directory can lock another", async () => {
  using one = new TempDir();
  using other = new TempDir();
  await using holder = new Child("holder.ts", { args: [one.path] });
  await using contender = new Child("holder.ts", { args: [other.path] });
  await holder.ask("acquire");
  assertEquals((await contender.ask("acquire")).event, "acquired");
});
