import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataDirLock, LockUnsupportedError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { identity, snapshot, Victim } from "../support/disk.ts";
import { worldWritableDir } from "../support/world_writable_dir.ts";
import { isFree } from "../support/foreign_holder.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

claim(
  "acquire() refuses a lockfile that is a symbolic link, says so, and never touches the file behind it",
  async () => {
    using dir = new TempDir();
    using victim = new Victim("precious\n");
    Deno.symlinkSync(victim.path, dir.join(".handoff.lock"));
    const before = snapshot(dir.path);
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), Deno.errors.FilesystemLoop);
    assertStringIncludes(error.message, `Cannot open the lockfile "${dir.join(".handoff.lock")}": `);
    assertStringIncludes(error.message, "A symbolic link is refused here");
    assertEquals(snapshot(dir.path), before);
    assertEquals(victim.untouched, true);
  },
);

claim("acquire() refuses a lockfile that is a symbolic link to nowhere, and makes no file there", async () => {
  using dir = new TempDir();
  Deno.symlinkSync(dir.join("nowhere"), dir.join(".handoff.lock"));
  await assertRejects(() => DataDirLock.acquire(dir.path), Deno.errors.FilesystemLoop);
  assertEquals(dir.entries(), [".handoff.lock"]);
});

claim("acquire() refuses a lockfile that is a directory, and leaves it standing", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join(".handoff.lock"));
  const before = snapshot(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), Deno.errors.IsADirectory);
  assertStringIncludes(error.message, `Cannot open the lockfile "${dir.join(".handoff.lock")}": `);
  assertEquals(snapshot(dir.path), before);
});

claim("acquire() refuses a lockfile that is a FIFO, and leaves it standing", async () => {
  using dir = new TempDir();
  run("mkfifo", dir.join(".handoff.lock"));
  const before = snapshot(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockUnsupportedError);
  assertEquals(error.reason, "lockfile");
  assertStringIncludes(error.message, `Cannot lock "${dir.join(".handoff.lock")}": it is not a regular file`);
  assertEquals(snapshot(dir.path), before);
});

claim("acquire() refuses a lockfile that is a FIFO it may only read, and waits for no writer", async () => {
  using dir = worldWritableDir();
  run("mkfifo", "--mode=0444", dir.join(".handoff.lock"));
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  const refusal = await contender.ask("acquire");
  assertEquals([refusal.error, refusal.reason], ["LockUnsupportedError", "lockfile"]);
}, { needs: ["root"] });

claim("acquire() refuses a lockfile that is a device, and leaves it standing", async () => {
  using dir = new TempDir();
  run("mknod", dir.join(".handoff.lock"), "c", "1", "3");
  const before = snapshot(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockUnsupportedError);
  assertEquals(error.reason, "lockfile");
  assertEquals(snapshot(dir.path), before);
}, { needs: ["root"] });

claim("acquire() refuses a lockfile that is a socket, names it and leaves it standing", async () => {
  using dir = new TempDir();
  using _listener = Deno.listen({ transport: "unix", path: dir.join(".handoff.lock") });
  const before = snapshot(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path));
  assertStringIncludes(error.message, `"${dir.join(".handoff.lock")}": `);
  assertEquals(snapshot(dir.path), before);
});

claim("acquire() takes a lockfile of any content, and leaves it as it is", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "4242\n");
  const before = identity(dir.join(".handoff.lock"));
  {
    using _lock = await DataDirLock.acquire(dir.path);
    assertEquals(identity(dir.join(".handoff.lock")), before);
  }
  assertEquals(identity(dir.join(".handoff.lock")), before);
  assertEquals(Deno.readTextFileSync(dir.join(".handoff.lock")), "4242\n");
});

claim("acquire() takes a lockfile of mode 0444 without write permission, and leaves its mode", async () => {
  using dir = worldWritableDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "", { mode: 0o444 });
  const before = identity(dir.join(".handoff.lock"));
  await using holder = new Child("nobody_holder.ts", { args: [dir.path] });
  assertEquals((await holder.ask("acquire")).event, "acquired");
  assertEquals(isFree(dir.path), false);
  assertEquals(identity(dir.join(".handoff.lock")), before);
}, { needs: ["root"] });

claim("acquire() takes a lockfile of mode 0444 that is its own, and leaves its mode", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "", { mode: 0o444 });
  const before = identity(dir.join(".handoff.lock"));
  using _lock = await DataDirLock.acquire(dir.path);
  assertEquals(isFree(dir.path), false);
  assertEquals(identity(dir.join(".handoff.lock")), before);
});

claim("acquire() fails on a lockfile that it may not even read, names it and leaves it alone", async () => {
  using dir = worldWritableDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "", { mode: 0o600 });
  const before = snapshot(dir.path);
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "PermissionDenied");
  assertStringIncludes(refusal.message, `Cannot open the lockfile "${dir.join(".handoff.lock")}": `);
  assertEquals(snapshot(dir.path), before);
}, { needs: ["root"] });
