import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataDirLock, LockHeldError, LockUnsupportedError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { identity, Victim } from "../support/disk.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { InterceptedLibc } from "../support/intercepted_libc.ts";
import { ReceivedDescriptor } from "../../ffi/received_descriptor.ts";
import { rawDescriptor } from "../support/raw_descriptor.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("acquire() locks the lockfile in place, when another was put there between open and flock", async () => {
  using dir = new TempDir();
  let replacements = 0;
  using _flock = new InterceptedLibc({
    flock: (flock) => {
      if (replacements === 0) replacements += replaceLockfile(dir);
      return flock();
    },
  });
  using _lock = await DataDirLock.acquire(dir.path);
  assertEquals(replacements, 1);
  assertEquals(isFree(dir.path), false);
});

claim("acquire() locks a new lockfile, when the one it opened was removed before flock", async () => {
  using dir = new TempDir();
  let removed = false;
  using _flock = new InterceptedLibc({
    flock: (flock) => {
      if (!removed) Deno.removeSync(dir.join(".handoff.lock"));
      removed = true;
      return flock();
    },
  });
  using _lock = await DataDirLock.acquire(dir.path);
  assertEquals(isFree(dir.path), false);
});

claim("acquire() is refused when the lockfile put in place between open and flock is held by another", async () => {
  using dir = new TempDir();
  using cleanUp = new DisposableStack();
  let replaced = false;
  using _flock = new InterceptedLibc({
    flock: (flock) => {
      if (!replaced) {
        cleanUp.use(new ForeignHolder(dir.path, { name: "new.lock" }));
        Deno.renameSync(dir.join("new.lock"), dir.join(".handoff.lock"));
      }
      replaced = true;
      return flock();
    },
  });
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(dir.entries(), [".handoff.lock"]);
});

claim("acquire() gives up on a lockfile that is replaced every time, and holds none of them", async () => {
  using dir = new TempDir();
  let replacements = 0;
  using _flock = new InterceptedLibc({
    flock: (flock) => {
      replacements += replaceLockfile(dir);
      return flock();
    },
  });
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockUnsupportedError);
  assertEquals(error.reason, "lockfile");
  assertStringIncludes(error.message, `Cannot lock "${dir.path}": .handoff.lock was replaced 10 times`);
  assertEquals(dir.entries(), [".handoff.lock"]);
  assertEquals(isFree(dir.path), true);
});

claim("acquire() refuses a symbolic link put in the lockfile's place between open and flock", async () => {
  using dir = new TempDir();
  using victim = new Victim("precious\n");
  using _flock = new InterceptedLibc({
    flock: (flock) => {
      Deno.removeSync(dir.join(".handoff.lock"));
      Deno.symlinkSync(victim.path, dir.join(".handoff.lock"));
      return flock();
    },
  });
  await assertRejects(() => DataDirLock.acquire(dir.path), Deno.errors.FilesystemLoop);
  assertEquals(dir.entries(), [".handoff.lock"]);
  assertEquals(victim.untouched, true);
});

claim("acquire() refuses a filesystem whose flock excludes nobody, and leaves the pidfile that is there", async () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "4242\n");
  const before = identity(dir.join(".handoff.pidfile"));
  using _flock = new InterceptedLibc({ flock: () => 0 });
  const error = await assertRejects(() => DataDirLock.acquire(dir.path), LockUnsupportedError);
  assertEquals(error.reason, "filesystem");
  assertStringIncludes(error.message, `Cannot lock "${dir.path}": flock excludes nobody on this filesystem`);
  assertEquals(identity(dir.join(".handoff.pidfile")), before);
  assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
});

claim("acquire() is refused beside a live holder even where the kernel grants every flock", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  await using contender = new Child("holder.ts", { args: [dir.path], prefix: FLOCK_SAYS_YES });
  const refusal = await contender.ask("acquire");
  assertEquals([refusal.error, refusal.reason], ["LockUnsupportedError", "filesystem"]);
  assertEquals(dir.entries(), [".handoff.lock"]);
}, { needs: ["strace"] });

/** The first flock(2) of the program proves that errno can be read, and fails as it must. */
const FLOCK_SAYS_YES = ["strace", "-qq", "-f", "-o", "/dev/null", "-e", "inject=flock:retval=0:when=2+"];

/** Puts a new file in the lockfile's place, as an operator does who means to reset a lock. */
function replaceLockfile(dir: TempDir): 1 {
  Deno.writeTextFileSync(dir.join("new.lock"), "");
  Deno.renameSync(dir.join("new.lock"), dir.join(".handoff.lock"));
  return 1;
}

claim("a lock that is given up unlocks what a child between fork and exec still has open", async () => {
  using dir = new TempDir();
  const copies: number[] = [];
  using _flock = new InterceptedLibc({
    flock: (flock, fd) => {
      if (copies.length === 0) {
        copies.push(rawDescriptor(fd));
        replaceLockfile(dir);
      }
      return flock();
    },
  });
  using _lock = await DataDirLock.acquire(dir.path);
  using copy = new ReceivedDescriptor(copies[0]);
  using first = Deno.openSync(`/proc/self/fd/${copy.fd}`);
  assertEquals(first.tryLockSync(true), true);
}, { needs: ["linux"] });
