import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataDirLock, inspect, LockHeldError, LockUnsupportedError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { isFree } from "../support/foreign_holder.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

const NEEDS = { needs: ["bindfs"] } as const;

for (const form of ["acquire", "acquireSync", "break", "breakSync"]) {
  claim(`${form} refuses a directory on FUSE, and leaves nothing there`, async () => {
    using fuse = new Fuse();
    await using contender = new Child("holder.ts", { args: [fuse.path] });
    const { error, reason, message } = await contender.ask(form);
    assertEquals([error, reason], ["LockUnsupportedError", "filesystem"]);
    assertStringIncludes(message, `Cannot lock "${fuse.path}": it is on fuse,`);
    assertEquals(fuse.entries(), []);
  }, NEEDS);
}

claim("a directory that is yet to be made on FUSE is refused as well", async () => {
  using fuse = new Fuse();
  await assertRejects(() => DataDirLock.acquire(`${fuse.path}/a/data`), LockUnsupportedError);
}, NEEDS);

for (const form of ["acquire", "acquireSync", "acquireOrBreakStale", "acquireOrBreakStaleSync"] as const) {
  claim(`${form}() locks a directory on FUSE that the caller allows, and excludes others`, async () => {
    using fuse = new Fuse();
    using lock = await DataDirLock[form](fuse.path, { allowNetworkFilesystem: true });
    lock.verify();
    assertEquals(isFree(fuse.path), false);
    await assertRejects(() => DataDirLock.acquire(fuse.path, { allowNetworkFilesystem: true }), LockHeldError);
  }, NEEDS);
}

claim("inspect() reports a lock on FUSE", async () => {
  using fuse = new Fuse();
  assertEquals((await inspect(fuse.path)).held, false);
  using _lock = await DataDirLock.acquire(fuse.path, { allowNetworkFilesystem: true });
  const { held, holder } = await inspect(fuse.path);
  assertEquals({ held, pid: holder.pid }, { held: true, pid: Deno.pid });
}, NEEDS);

/** A directory that a program serves through FUSE, as container runtimes share those of their host. */
class Fuse implements Disposable {
  readonly path: string;
  readonly #served = new TempDir();
  readonly #mountPoint = new TempDir();

  constructor() {
    this.path = this.#mountPoint.path;
    run("bindfs", "--no-allow-other", this.#served.path, this.path);
  }

  entries(): string[] {
    return this.#mountPoint.entries();
  }

  [Symbol.dispose](): void {
    run("umount", this.path);
    this.#mountPoint[Symbol.dispose]();
    this.#served[Symbol.dispose]();
  }
}
