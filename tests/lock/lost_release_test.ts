import { assertEquals } from "@std/assert";
import { DataDirLock } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { snapshot } from "../support/disk.ts";
import { RELEASE_FORMS } from "../support/forms.ts";
import { isFree } from "../support/foreign_holder.ts";
import { holding } from "../support/holding.ts";
import { LOSSES } from "../support/losses.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const { event, happen } of LOSSES) {
  claim(`a lock can be released after ${event}`, async () => {
    using dir = new TempDir();
    const lost = DataDirLock.acquireSync(dir.join("data"));
    happen(dir);
    await lost.release();
    assertEquals(lost.released, true);
  });
}

for (const { event, happen } of LOSSES.filter(({ lockable }) => lockable)) {
  claim(`the release of a lock leaves what another process locked after ${event}`, async () => {
    using dir = new TempDir();
    const lost = DataDirLock.acquireSync(dir.join("data"));
    happen(dir);
    await using holder = new Child("holder.ts", { args: [dir.join("data")] });
    assertEquals((await holder.ask("acquire")).event, "acquired");
    // In a container of its own, that process may have the number of this one.
    Deno.writeTextFileSync(dir.join("data/.handoff.pidfile"), `${Deno.pid}\n`);
    const before = snapshot(dir.join("data"));
    await lost.release();
    assertEquals(snapshot(dir.join("data")), before);
    assertEquals(isFree(dir.join("data")), false);
  });
}

for (const [form, release] of Object.entries(RELEASE_FORMS)) {
  claim(`${form} of a lost lock leaves the one that the same process has taken since`, async () => {
    using dir = new TempDir();
    const lost = DataDirLock.acquireSync(dir.path);
    Deno.removeSync(dir.join(".handoff.lock"));
    using lock = DataDirLock.acquireSync(dir.path);
    await release(lost);
    lock.verify();
    assertEquals(isFree(dir.path), false);
    assertEquals(pidfile(dir), `${Deno.pid}\n`);
  });
}

claim("the end of a program that has lost its lock leaves the pidfile of the one that has taken it", async () => {
  using dir = new TempDir();
  await using former = await holding(dir);
  Deno.removeSync(dir.join(".handoff.lock"));
  await using holder = await holding(dir);
  await former.end();
  assertEquals(pidfile(dir), `${holder.pid}\n`);
  assertEquals(isFree(dir.path), false);
});
