import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type AcquireOptions, LockHeldError, LockUnsupportedError } from "@scope/handoff";
import { type Libc, openLibc } from "../../ffi/libc.ts";
import type { Lockfile } from "../../lock/lockfile.ts";
import { runSync } from "../../lock/sync_or_async.ts";
import { acquireLockfile, Contender } from "../../lock/acquire.ts";
import { claim } from "../support/claim.ts";
import { LINUX_NETWORK, onDarwin, onLinux } from "../support/filesystems.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";

const NFS = Deno.build.os === "darwin" ? onDarwin("nfs") : onLinux(0x6969);
const UNHEARD_OF = Deno.build.os === "darwin" ? onDarwin("unheardof") : onLinux(0x12345678);
const ALLOWED = { allowNetworkFilesystem: true } as const;

for (const [name, magic] of Deno.build.os === "linux" ? LINUX_NETWORK : []) {
  const what = `${name} (0x${magic.toString(16)})`;

  claim(`a directory on ${what} is refused, with what to do instead, and left as it was`, () => {
    using dir = new TempDir();
    const error = assertThrows(() => take(dir, onLinux(magic)), LockUnsupportedError) as LockUnsupportedError;
    assertEquals(error.reason, "filesystem");
    assertStringIncludes(error.message, `Cannot lock "${dir.path}": it is on ${name}, `);
    for (const advice of ["local filesystem", "a lock service cannot keep them off", "allowNetworkFilesystem"]) {
      assertStringIncludes(error.message, advice);
    }
    assertEquals(dir.entries(), []);
  });

  claim(`a directory on ${what} is locked where the caller allows it`, () => {
    using dir = new TempDir();
    using _lockfile = take(dir, onLinux(magic), ALLOWED);
    assertEquals(isFree(dir.path), false);
  });
}

claim("a directory on a network filesystem that does not exist yet is refused without a lockfile", () => {
  using dir = new TempDir();
  assertThrows(() => take({ path: dir.join("a/data") }, NFS), LockUnsupportedError);
  assertEquals(dir.entries(dir.join("a/data")), []);
});

claim("a directory on a network filesystem is refused before its lock is asked for", () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  assertThrows(() => take(dir, NFS), LockUnsupportedError);
});

claim("a directory on an unknown filesystem is locked", () => {
  using dir = new TempDir();
  using _lockfile = take(dir, UNHEARD_OF);
  assertEquals(isFree(dir.path), false);
});

claim("a directory on a filesystem that the kernel does not tell is locked", () => {
  using dir = new TempDir();
  using _lockfile = take(dir, { fstatfs: () => -38 });
  assertEquals(isFree(dir.path), false);
});

claim("what allows a network filesystem is no way past a lock that is held", () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  assertThrows(() => take(dir, NFS, ALLOWED), LockHeldError);
});

claim("what allows a network filesystem is no way past the proof of exclusion", () => {
  using dir = new TempDir();
  const error = assertThrows(() => take(dir, { ...NFS, flock: () => 0 }, ALLOWED), LockUnsupportedError);
  assertStringIncludes((error as Error).message, "flock excludes nobody on this filesystem");
});

/** Takes a lockfile as `acquire` does, from a kernel that says something else of its filesystem. */
function take({ path }: Pick<TempDir, "path">, fake: Partial<Libc>, options: AcquireOptions = {}): Lockfile {
  using libc = openLibc();
  const { flock, kill, fstatfs, getrlimit } = libc;
  return runSync(
    acquireLockfile(new Contender({ flock, kill, fstatfs, getrlimit, ...fake }, { ...options, dataDir: path })),
  );
}
