import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { RELEASE_FORMS } from "../support/forms.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";
import { UnloadListeners } from "../support/unload_listeners.ts";

for (const [form, release] of Object.entries(RELEASE_FORMS)) {
  claim(`after ${form} the same process can acquire again`, async () => {
    using dir = new TempDir();
    await release(DataDirLock.acquireSync(dir.path));
    using again = DataDirLock.acquireSync(dir.path);
    assertEquals(pidfile(dir), `${Deno.pid}\n`);
    assertEquals(again.released, false);
  });

  claim(`after ${form}, and not before, the lock says that it is released`, async () => {
    using dir = new TempDir();
    const lock = DataDirLock.acquireSync(dir.path);
    assertEquals(lock.released, false);
    await release(lock);
    assertEquals(lock.released, true);
  });

  claim(`${form} a second time leaves the lock that the same process took meanwhile`, async () => {
    using dir = new TempDir();
    const former = DataDirLock.acquireSync(dir.path);
    await release(former);
    using _lock = DataDirLock.acquireSync(dir.path);
    await release(former);
    assertEquals(pidfile(dir), `${Deno.pid}\n`);
    assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError);
  });

  claim(`${form} takes the unload listener away that acquiring has added`, async () => {
    using dir = new TempDir();
    using listeners = new UnloadListeners();
    const lock = DataDirLock.acquireSync(dir.path);
    assertEquals(listeners.count, 1);
    await release(lock);
    assertEquals(listeners.count, 0);
  });
}

claim("`using` releases at the end of its block", () => {
  using dir = new TempDir();
  {
    using _lock = DataDirLock.acquireSync(dir.path);
  }
  DataDirLock.acquireSync(dir.path).releaseSync();
});

claim("`using` releases when its block throws", () => {
  using dir = new TempDir();
  assertThrows(
    () => {
      using _lock = DataDirLock.acquireSync(dir.path);
      throw new RangeError("out of the block");
    },
    RangeError,
    "out of the block",
  );
  DataDirLock.acquireSync(dir.path).releaseSync();
});

claim("`await using` releases at the end of its block", async () => {
  using dir = new TempDir();
  {
    await using _lock = await DataDirLock.acquire(dir.path);
  }
  DataDirLock.acquireSync(dir.path).releaseSync();
});

claim("`await using` releases when its block throws", async () => {
  using dir = new TempDir();
  await assertRejects(
    async () => {
      await using _lock = await DataDirLock.acquire(dir.path);
      throw new RangeError("out of the block");
    },
    RangeError,
    "out of the block",
  );
  DataDirLock.acquireSync(dir.path).releaseSync();
});

claim("garbage collection does not release a lock that was dropped", async () => {
  using dir = new TempDir();
  await using holder = new Child("dropped.ts", { args: [dir.path], flags: ["--v8-flags=--expose-gc"] });
  assertEquals((await holder.next()).event, "collected");
  const { holder: named } = assertThrows(() => DataDirLock.acquireSync(dir.path), LockHeldError) as LockHeldError;
  assertEquals(named, { pid: holder.pid, liveness: "alive", self: false });
});
