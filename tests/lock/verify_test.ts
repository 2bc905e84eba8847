import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DataDirLock, HandoffError, LockLostError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { LOSSES } from "../support/losses.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("verify() says nothing while the lock excludes others", () => {
  using dir = new TempDir();
  using lock = DataDirLock.acquireSync(dir.path);
  Deno.writeTextFileSync(dir.join("journal"), "entry\n");
  Deno.removeSync(dir.join(".handoff.pidfile"));
  Deno.linkSync(dir.join(".handoff.lock"), dir.join("another name"));
  lock.verify();
});

for (const { event, reason, happen } of LOSSES) {
  claim(`verify() throws "${reason}" after ${event}`, () => {
    using dir = new TempDir();
    using lock = DataDirLock.acquireSync(dir.join("data"));
    lock.verify();
    happen(dir);
    const error = assertThrows(() => lock.verify(), LockLostError) as LockLostError;
    assertEquals([error.name, error.reason, error.dataDir], ["LockLostError", reason, dir.join("data")]);
  });
}

for (const flipped of ["data", "current"]) {
  claim(`verify() throws after a symbolic link that the lock was taken through, ${flipped}, leads elsewhere`, () => {
    using dir = new TempDir();
    for (const name of ["one", "other"]) Deno.mkdirSync(dir.join(name));
    Deno.symlinkSync("one", dir.join("current"));
    Deno.symlinkSync("current", dir.join("data"));
    using lock = DataDirLock.acquireSync(dir.join("data"));
    lock.verify();
    Deno.symlinkSync("other", dir.join("new"));
    Deno.renameSync(dir.join("new"), dir.join(flipped));
    assertEquals(lossOf(lock).reason, "directory-replaced");
  });
}

claim("verify() throws after a file has taken the place of the directory's parent", () => {
  using dir = new TempDir();
  using lock = DataDirLock.acquireSync(dir.join("parent/data"));
  Deno.renameSync(dir.join("parent"), dir.join("moved"));
  Deno.writeTextFileSync(dir.join("parent"), "");
  assertEquals(lossOf(lock).reason, "directory-missing");
});

claim("verify() throws when another process holds the lock of the same path", async () => {
  using dir = new TempDir();
  using lock = DataDirLock.acquireSync(dir.path);
  Deno.removeSync(dir.join(".handoff.lock"));
  await using second = new Child("holder.ts", { args: [dir.path] });
  assertEquals((await second.ask("acquire")).event, "acquired");
  assertEquals(lossOf(lock).reason, "lockfile-replaced");
});

/** What comes to stand at the path is alike but for its device: the numbers of two new filesystems begin alike. */
const MOUNTS = [
  {
    over: "the directory",
    reason: "directory-replaced",
    mount: 'mount -t tmpfs tmpfs "$0" && : > "$0/.handoff.lock"',
  },
  {
    over: "the lockfile",
    reason: "lockfile-replaced",
    mount: 'mount -t tmpfs tmpfs "$1" && : > "$1/file" && mount --bind "$1/file" "$0/.handoff.lock"',
  },
] as const;

for (const { over, reason, mount } of MOUNTS) {
  claim(`verify() throws "${reason}" after something with the same inode number is mounted over ${over}`, async () => {
    using dir = new TempDir();
    using other = new TempDir();
    const prefix = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"', dir.path];
    await using holder = new Child("holder.ts", { args: [dir.path], prefix });
    await holder.ask("acquire");
    const numbers = () => [dir.path, dir.join(".handoff.lock")].map((path) => ino(`/proc/${holder.pid}/root${path}`));
    const before = numbers();
    assertEquals((await holder.ask("verify")).event, "released");
    run("nsenter", `--target=${holder.pid}`, "--mount", "sh", "-c", mount, dir.path, other.path);
    assertEquals(numbers(), before);
    const { error, reason: told } = await holder.ask("verify");
    assertEquals([error, told], ["LockLostError", reason]);
  }, { needs: ["mount"] });
}

claim("a directory that is moved back is no longer a loss", () => {
  using dir = new TempDir();
  using lock = DataDirLock.acquireSync(dir.join("data"));
  Deno.renameSync(dir.join("data"), dir.join("moved"));
  assertEquals(lossOf(lock).reason, "directory-missing");
  Deno.renameSync(dir.join("moved"), dir.join("data"));
  lock.verify();
});

claim("each loss has a message that names the directory, says what happened, and tells the writer to stop", () => {
  const messages = LOSSES.map(({ happen }) => {
    using dir = new TempDir();
    using lock = DataDirLock.acquireSync(dir.join("data"));
    happen(dir);
    const { message } = lossOf(lock);
    assertStringIncludes(message, `The lock of "${dir.join("data")}" no longer excludes anybody: `);
    assertStringIncludes(message, "Stop writing at once");
    return message.replace(dir.path, "");
  });
  assertEquals(new Set(messages).size, new Set(LOSSES.map(({ reason }) => reason)).size);
});

claim("verify() after a release reports that the lock was released, not that it was lost", () => {
  using dir = new TempDir();
  const lock = DataDirLock.acquireSync(dir.path);
  lock.releaseSync();
  const error = assertThrows(() => lock.verify(), HandoffError) as HandoffError;
  assertEquals(error.constructor, HandoffError);
  assertEquals(error.message, `The lock of "${dir.path}" was released`);
});

claim("verify() throws Deno's own error when it may not look", async () => {
  using dir = new TempDir();
  await using child = new Child("blind.ts", { args: [dir.path] });
  const { error, message } = await child.next();
  assertEquals(error, "NotCapable");
  assertStringIncludes(message, `Cannot inspect "${dir.path}": `);
});

function ino(path: string): number | null {
  return Deno.statSync(path).ino;
}

function lossOf(lock: DataDirLock): LockLostError {
  return assertThrows(() => lock.verify(), LockLostError) as LockLostError;
}
