import { assertEquals, assertRejects } from "@std/assert";
import { toFileUrl } from "@std/path";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { ACQUIRE_FORMS } from "../support/forms.ts";
import { claim } from "../support/claim.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const [form, acquire] of Object.entries(ACQUIRE_FORMS)) {
  claim(`${form} creates the data directory and its parents`, async () => {
    using dir = new TempDir();
    await using _lock = await acquire(dir.join("a/b/c"));
    assertEquals(dir.entries(dir.join("a/b/c")), [".handoff.lock", ".handoff.pidfile"]);
  });

  claim(`${form} takes the data directory as a file: URL`, async () => {
    using dir = new TempDir();
    await using lock = await acquire(toFileUrl(dir.join("with space")));
    assertEquals(lock.dataDir, dir.join("with space"));
    assertEquals(dir.entries(), ["with space"]);
  });

  claim(`${form} names this process in the pidfile`, async () => {
    using dir = new TempDir();
    await using _lock = await acquire(dir.path);
    assertEquals(pidfile(dir), `${Deno.pid}\n`);
  });

  claim(`${form} leaves the content and the inode of a lockfile as they are`, async () => {
    using dir = new TempDir();
    const path = dir.join(".handoff.lock");
    Deno.writeTextFileSync(path, "somebody's note");
    const { ino } = Deno.statSync(path);
    await using lock = await acquire(dir.path);
    await lock.release();
    assertEquals(Deno.readTextFileSync(path), "somebody's note");
    assertEquals(Deno.statSync(path).ino, ino);
  });
}

claim("an option of acquire() that is undefined counts as absent", async () => {
  using dir = new TempDir();
  const options = { timeout: undefined, signal: undefined, onWait: undefined, onStale: undefined };
  await using lock = await DataDirLock.acquire(dir.path, { ...options, allowNetworkFilesystem: undefined });
  await assertRejects(() => DataDirLock.acquire(lock.dataDir, options), LockHeldError);
});
