import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { holding } from "../support/holding.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";

const ONLY_THE_LOCKFILE = [".handoff.lock"];

for (const form of ["release", "releaseSync"]) {
  claim(`${form}() leaves nothing but the lockfile`, async () => {
    using dir = new TempDir();
    await using holder = await holding(dir);
    assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
    await holder.ask(form);
    assertEquals(dir.entries(), ONLY_THE_LOCKFILE);
  });

  claim(`a second ${form}() leaves the pidfile of the process that holds the lock by then`, async () => {
    using dir = new TempDir();
    await using former = new Child("holder.ts", { args: [dir.path] });
    await using holder = new Child("holder.ts", { args: [dir.path] });
    await former.ask("acquire");
    await former.ask(form);
    await holder.ask("acquire");
    assertEquals((await former.ask(form)).event, "released");
    assertEquals(pidfile(dir), `${holder.pid}\n`);
  });
}

claim("the end of a process leaves the pidfile of the one it gave the lock to", async () => {
  using dir = new TempDir();
  await using former = new Child("holder.ts", { args: [dir.path] });
  await using holder = new Child("holder.ts", { args: [dir.path] });
  await former.ask("acquire");
  await former.ask("release");
  await holder.ask("acquire");
  await former.end();
  assertEquals(pidfile(dir), `${holder.pid}\n`);
});

claim("a refused contender leaves the holder's pidfile, also when it ends", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path] });
  await using contender = new Child("holder.ts", { args: [dir.path] });
  await holder.ask("acquire");
  for (const form of ["acquire", "acquireSync", "break", "breakSync"]) {
    assertEquals((await contender.ask(form)).event, "refused");
    assertEquals(pidfile(dir), `${holder.pid}\n`);
  }
  await contender.end();
  assertEquals(pidfile(dir), `${holder.pid}\n`);
});

claim("release() leaves a pidfile that names another process", async () => {
  using dir = new TempDir();
  await using holder = await holding(dir);
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), `${Deno.pid}\n`);
  assertEquals((await holder.ask("release")).event, "released");
  assertEquals(pidfile(dir), `${Deno.pid}\n`);
});
