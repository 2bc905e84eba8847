import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { snapshot, Victim } from "../support/disk.ts";
import { STICKY, worldWritableDir } from "../support/world_writable_dir.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

const UNKNOWN = { liveness: "unknown", self: false };

claim("a missing pidfile names nobody, and a contender makes none", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(error.holder, UNKNOWN);
  assertEquals(dir.entries(), [".handoff.lock"]);
});

claim("a pidfile that is a directory names nobody, and a contender leaves it alone", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  Deno.mkdirSync(dir.join(".handoff.pidfile"));
  const before = snapshot(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(error.holder, UNKNOWN);
  assertEquals(snapshot(dir.path), before);
});

claim("acquire() fails where the pidfile is a directory, leaves it standing and frees the lock", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join(".handoff.pidfile"));
  const { [".handoff.pidfile"]: before } = snapshot(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), Deno.errors.IsADirectory);
  assertStringIncludes(error.message, `Cannot publish the pidfile "${dir.join(".handoff.pidfile")}": `);
  assertEquals(snapshot(dir.path)[".handoff.pidfile"], before);
  assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
  assertEquals(isFree(dir.path), true);
});

claim(
  "a pidfile that is a symbolic link names nobody, even where the file behind it names a live process",
  async () => {
    using dir = new TempDir();
    using victim = new Victim(`${Deno.pid}\n`);
    using _holder = new ForeignHolder(dir.path);
    Deno.symlinkSync(victim.path, dir.join(".handoff.pidfile"));
    const before = snapshot(dir.path);
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
    assertEquals(error.holder, UNKNOWN);
    assertEquals(snapshot(dir.path), before);
    assertEquals(victim.untouched, true);
  },
);

claim("acquire() replaces a pidfile that is a symbolic link, and never touches the file behind it", async () => {
  using dir = new TempDir();
  using victim = new Victim("precious\n");
  Deno.symlinkSync(victim.path, dir.join(".handoff.pidfile"));
  {
    using _lock = await DataDirLock.acquire(dir.path);
    assertEquals(Deno.lstatSync(dir.join(".handoff.pidfile")).isFile, true);
    assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${Deno.pid}\n`);
  }
  assertEquals(dir.entries(), [".handoff.lock"]);
  assertEquals(victim.untouched, true);
});

claim("acquire() replaces a pidfile that is a symbolic link to nowhere, and makes no file there", async () => {
  using dir = new TempDir();
  Deno.symlinkSync(dir.join("nowhere"), dir.join(".handoff.pidfile"));
  using _lock = await DataDirLock.acquire(dir.path);
  assertEquals(Deno.lstatSync(dir.join(".handoff.pidfile")).isFile, true);
  assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
});

claim("acquire() replaces a pidfile that is a hard link, and never touches the file that it shares", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("victim"), "1\n");
  Deno.linkSync(dir.join("victim"), dir.join(".handoff.pidfile"));
  using _lock = await DataDirLock.acquire(dir.path);
  assertEquals(Deno.readTextFileSync(dir.join("victim")), "1\n");
});

claim("release() leaves a pidfile that became a symbolic link, and the file behind it", async () => {
  using dir = new TempDir();
  using victim = new Victim(`${Deno.pid}\n`);
  const lock = await DataDirLock.acquire(dir.path);
  Deno.removeSync(dir.join(".handoff.pidfile"));
  Deno.symlinkSync(victim.path, dir.join(".handoff.pidfile"));
  await lock.release();
  assertEquals(Deno.readLinkSync(dir.join(".handoff.pidfile")), victim.path);
  assertEquals(victim.untouched, true);
});

claim(
  "a pidfile that is a FIFO names no process, and a contender neither waits for a writer nor removes it",
  async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path);
    run("mkfifo", dir.join(".handoff.pidfile"));
    const before = snapshot(dir.path);
    await using contender = new Child("holder.ts", { args: [dir.path] });
    assertEquals((await contender.ask("acquire")).holder, UNKNOWN);
    assertEquals(snapshot(dir.path), before);
  },
);

claim(
  "a pidfile that is a FIFO names nobody, even when a pid is in it, and a contender leaves that for its reader",
  async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path);
    run("mkfifo", dir.join(".handoff.pidfile"));
    using fifo = Deno.openSync(dir.join(".handoff.pidfile"), { read: true, write: true });
    const pid = new TextEncoder().encode(`${Deno.ppid}\n`);
    fifo.writeSync(pid);
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
    assertEquals(error.holder, UNKNOWN);
    const left = new Uint8Array(pid.length);
    assertEquals(fifo.readSync(left), pid.length);
    assertEquals(left, pid);
  },
);

claim("acquire() replaces a pidfile that is a FIFO, and waits for no writer", async () => {
  using dir = new TempDir();
  run("mkfifo", dir.join(".handoff.pidfile"));
  await using holder = new Child("holder.ts", { args: [dir.path] });
  const { pid } = await holder.ask("acquire");
  assertEquals(Deno.lstatSync(dir.join(".handoff.pidfile")).isFile, true);
  assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${pid}\n`);
});

claim("a pidfile that this user may not read names nobody, and a contender leaves it alone", async () => {
  using dir = worldWritableDir();
  using _holder = new ForeignHolder(dir.path);
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), `${Deno.pid}\n`, { mode: 0o600 });
  const before = snapshot(dir.path);
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  assertEquals((await contender.ask("acquire")).holder, UNKNOWN);
  assertEquals(snapshot(dir.path), before);
}, { needs: ["root"] });

claim("acquire() replaces a pidfile that this user may not read", async () => {
  using dir = worldWritableDir();
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), `${Deno.pid}\n`, { mode: 0o600 });
  await using holder = new Child("nobody_holder.ts", { args: [dir.path] });
  assertEquals((await holder.ask("acquire")).event, "acquired");
  assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${holder.pid}\n`);
}, { needs: ["root"] });

claim("acquire() fails where the pidfile is not ours to replace, leaves it as it is and frees the lock", async () => {
  using dir = worldWritableDir(STICKY);
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), `${Deno.pid}\n`, { mode: 0o600 });
  const { [".handoff.pidfile"]: before } = snapshot(dir.path);
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "PermissionDenied");
  assertStringIncludes(refusal.message, `Cannot publish the pidfile "${dir.join(".handoff.pidfile")}": `);
  assertEquals(snapshot(dir.path)[".handoff.pidfile"], before);
  assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
  assertEquals(isFree(dir.path), true);
}, { needs: ["root"] });
