import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataDirLock } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { identity, snapshot } from "../support/disk.ts";
import { isFree } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const [what, data] of [["that is a file", "file"], ["whose parent is a file", "file/data"]]) {
  claim(`acquire() refuses a directory ${what}, says so and leaves the file alone`, async () => {
    using dir = new TempDir();
    Deno.writeTextFileSync(dir.join("file"), "precious\n");
    const before = snapshot(dir.path);
    const error = await assertRejects(() => DataDirLock.acquire(dir.join(data)), Deno.errors.NotADirectory);
    assertStringIncludes(error.message, dir.join(data));
    assertStringIncludes(error.message, "The data directory, or a parent of it, is not a directory");
    assertEquals(snapshot(dir.path), before);
  });
}

claim("acquire() creates a missing directory and its parents", async () => {
  using dir = new TempDir();
  using _lock = await DataDirLock.acquire(dir.join("a/b/data"));
  assertEquals(dir.entries(dir.join("a/b/data")), [".handoff.lock", ".handoff.pidfile"]);
});

claim(
  "acquire() refuses a directory that is a symbolic link to nowhere, names it and makes nothing there",
  async () => {
    using dir = new TempDir();
    Deno.symlinkSync(dir.join("nowhere"), dir.join("data"));
    const error = await assertRejects(() => DataDirLock.acquire(dir.join("data")), Deno.errors.AlreadyExists);
    assertStringIncludes(error.message, `Cannot create the data directory "${dir.join("data")}": `);
    assertEquals(dir.entries(), ["data"]);
  },
);

claim("acquire() cannot create a directory where the parent is not ours to write, and says so", async () => {
  using dir = new TempDir();
  Deno.chmodSync(dir.path, 0o755);
  await using contender = new Child("nobody_holder.ts", { args: [dir.join("data")] });
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "PermissionDenied");
  assertStringIncludes(refusal.message, `Cannot create the data directory "${dir.join("data")}": `);
  assertEquals(dir.entries(), []);
}, { needs: ["root"] });

claim("acquire() cannot make a lockfile in a directory that is not ours to write, and says so", async () => {
  using dir = new TempDir();
  Deno.chmodSync(dir.path, 0o755);
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "PermissionDenied");
  assertStringIncludes(refusal.message, `Cannot open the lockfile "${dir.join(".handoff.lock")}": `);
  assertEquals(dir.entries(), []);
}, { needs: ["root"] });

claim("acquire() cannot publish in a directory that is not ours to write, frees the lock and leaves all", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "", { mode: 0o644 });
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "4242\n");
  Deno.chmodSync(dir.path, 0o755);
  const before = snapshot(dir.path);
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "PermissionDenied");
  assertStringIncludes(refusal.message, `Cannot publish the pidfile "${dir.join(".handoff.pidfile")}": `);
  assertEquals(snapshot(dir.path), before);
  assertEquals(isFree(dir.path), true);
}, { needs: ["root"] });

claim("acquire() fails in our own directory of mode 0555, and succeeds once it is writable", async () => {
  using dir = new TempDir();
  Deno.chownSync(dir.path, NOBODY, NOBODY);
  Deno.chmodSync(dir.path, 0o555);
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  assertEquals((await contender.ask("acquire")).error, "PermissionDenied");
  assertEquals(dir.entries(), []);
  Deno.chmodSync(dir.path, 0o755);
  assertEquals((await contender.ask("acquire")).event, "acquired");
}, { needs: ["root"] });

claim("acquire() fails on a read-only filesystem, says that it must be writable and makes nothing", async () => {
  using dir = new TempDir();
  await using contender = new Child("holder.ts", { args: [dir.path], prefix: mounted(READ_ONLY, dir) });
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.code, "EROFS");
  assertStringIncludes(refusal.message, `Cannot open the lockfile "${dir.join(".handoff.lock")}": `);
  assertStringIncludes(refusal.message, "A data directory must be writable");
  assertEquals(dir.entries(), []);
}, { needs: ["mount"] });

claim("acquire() fails on a read-only filesystem that has a lockfile, frees the lock and leaves all", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "");
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "4242\n");
  const before = snapshot(dir.path);
  await using contender = new Child("holder.ts", { args: [dir.path], prefix: mounted(READ_ONLY, dir) });
  assertEquals((await contender.ask("acquire")).code, "EROFS");
  assertEquals(snapshot(dir.path), before);
  assertEquals(isFree(dir.path), true);
}, { needs: ["mount"] });

claim(
  "acquire() fails on a full filesystem, frees the lock, and leaves the stale pidfile and nothing else",
  async () => {
    using dir = new TempDir();
    await using contender = new Child("holder.ts", { args: [dir.path], prefix: mounted(FULL, dir) });
    const refusal = await contender.ask("acquire");
    const seenByChild = `/proc/${contender.pid}/root${dir.path}`;
    assertEquals(refusal.code, "ENOSPC");
    assertStringIncludes(refusal.message, `Cannot publish the pidfile "${dir.join(".handoff.pidfile")}": `);
    assertEquals(dir.entries(seenByChild), [".handoff.lock", ".handoff.pidfile", "filler"]);
    assertEquals(Deno.readTextFileSync(`${seenByChild}/.handoff.pidfile`), "4242\n");
    assertEquals(isFree(seenByChild), true);
  },
  { needs: ["mount"] },
);

claim("acquire() succeeds once a full filesystem has room again", async () => {
  using dir = new TempDir();
  await using contender = new Child("holder.ts", { args: [dir.path], prefix: mounted(FULL, dir) });
  assertEquals((await contender.ask("acquire")).code, "ENOSPC");
  const seenByChild = `/proc/${contender.pid}/root${dir.path}`;
  Deno.removeSync(`${seenByChild}/filler`);
  assertEquals((await contender.ask("acquire")).event, "acquired");
  assertEquals(Deno.readTextFileSync(`${seenByChild}/.handoff.pidfile`), `${contender.pid}\n`);
}, { needs: ["mount"] });

claim("acquire() leaves the other files of the directory alone", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join("journal"), "precious\n");
  const before = identity(dir.join("journal"));
  await (await DataDirLock.acquire(dir.path)).release();
  assertEquals(identity(dir.join("journal")), before);
  assertEquals(dir.entries(), [".handoff.lock", "journal"]);
});

const NOBODY = 65534;

/** What is mounted on the directory `$0`, before `$@` runs. */
const READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"';

/** 64 KiB with the pidfile of a process that died, and filled to the brim. */
const FULL = 'mount -t tmpfs -o size=64k tmpfs "$0" && echo 4242 > "$0/.handoff.pidfile" && ' +
  '! cat /dev/zero 2> /dev/null > "$0/filler"';

/** Runs a program among mounts of its own. */
function mounted(mount: string, dir: TempDir): string[] {
  return ["unshare", "--mount", "sh", "-c", `${mount} && exec "$@"`, dir.path];
}
