import { assertEquals, assertNotStrictEquals, assertRejects } from "@std/assert";
import { copy } from "@std/fs";
import { fromFileUrl, toFileUrl } from "@std/path";
import * as original from "@scope/handoff";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

const SOURCES = ["mod.ts", "lock", "ffi"];

claim(
  "of two copies of the module in one process, the second is refused and told its own number",
  async () => {
    using dir = new TempDir();
    using copies = new TempDir();
    const { DataDirLock, LockHeldError } = await importCopy(copies);
    assertNotStrictEquals(DataDirLock, original.DataDirLock);
    using _lock = original.DataDirLock.acquireSync(dir.path);
    const refusal = await assertRejects(() => DataDirLock.acquire(dir.path)) as InstanceType<typeof LockHeldError>;
    assertEquals(refusal instanceof LockHeldError, true);
    assertEquals(refusal.holder, { pid: Deno.pid, liveness: "alive", self: false });
  },
);

claim("a lock that one copy of the module has released can be taken by the other", async () => {
  using dir = new TempDir();
  using copies = new TempDir();
  const { DataDirLock } = await importCopy(copies);
  original.DataDirLock.acquireSync(dir.path).releaseSync();
  using lock = DataDirLock.acquireSync(dir.path);
  assertEquals(lock.released, false);
});

async function importCopy(target: TempDir): Promise<typeof original> {
  for (const source of SOURCES) {
    await copy(fromFileUrl(new URL(`../../${source}`, import.meta.url)), target.join(source));
  }
  return await import(toFileUrl(target.join("mod.ts")).href);
}
