import { assertEquals, assertRejects } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { openLibc } from "../../ffi/libc.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";
import { ACQUIRE_FORMS, RELEASE_FORMS } from "../support/forms.ts";
import { OpenLibraries } from "../support/open_libraries.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const [form, acquire] of Object.entries(ACQUIRE_FORMS)) {
  claim(`libc is open while a lock that came from ${form} is held`, async () => {
    using dir = new TempDir();
    using libraries = new OpenLibraries();
    using _lock = await acquire(dir.path);
    assertEquals(libraries.count, 1);
  });

  claim(`libc is closed when ${form} was refused`, async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path);
    using libraries = new OpenLibraries();
    await assertRejects(async () => void await acquire(dir.path), LockHeldError);
    assertEquals([libraries.opened, libraries.count], [1, 0]);
  });

  claim(`libc is closed when ${form} failed`, async () => {
    using dir = new TempDir();
    Deno.mkdirSync(dir.join(".handoff.lock"));
    using libraries = new OpenLibraries();
    await assertRejects(async () => void await acquire(dir.path));
    assertEquals([libraries.opened, libraries.count], [1, 0]);
  });
}

for (const [form, release] of Object.entries(RELEASE_FORMS)) {
  claim(`libc is closed after ${form}`, async () => {
    using dir = new TempDir();
    using libraries = new OpenLibraries();
    await release(DataDirLock.acquireSync(dir.path));
    assertEquals([libraries.opened, libraries.count], [1, 0]);
  });
}

claim("libc stays open until the last of several locks is released", () => {
  using one = new TempDir();
  using other = new TempDir();
  using libraries = new OpenLibraries();
  const first = DataDirLock.acquireSync(one.path);
  using _second = DataDirLock.acquireSync(other.path);
  first.releaseSync();
  first.releaseSync();
  assertEquals(libraries.count, 1);
});

claim("a libc that is disposed of twice leaves it open for others", () => {
  using libraries = new OpenLibraries();
  const first = openLibc();
  using _second = openLibc();
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assertEquals(libraries.count, 1);
});

claim("a refusal beside a held lock leaves libc open", async () => {
  using dir = new TempDir();
  using libraries = new OpenLibraries();
  using _lock = DataDirLock.acquireSync(dir.path);
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(libraries.count, 1);
});
