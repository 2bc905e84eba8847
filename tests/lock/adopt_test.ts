import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { LockHeldError } from "@scope/handoff";
import { LockAdoptionError } from "../../lock/errors.ts";
import { HeldLock } from "../../lock/held_lock.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { LockWorker } from "../support/lock_worker.ts";
import { eventually } from "../support/patience.ts";
import { openFiles, rawDescriptor, rawDescriptorOf } from "../support/raw_descriptor.ts";
import { TempDir } from "../support/temp_dir.ts";

const LINUX = { needs: ["linux"] } as const;

/** A directory whose lock was passed: what is left of it is one descriptor. */
function passed(): { dir: TempDir; fd: number } {
  const dir = new TempDir();
  let fd = -1;
  HeldLock.acquireSync(dir.path).pass((locked) => (fd = rawDescriptor(locked)) > 0);
  return { dir, fd };
}

/** The descriptors of this process that lead into a directory. */
function descriptorsInto(dir: TempDir): number[] {
  return [...openFiles()].filter(([, path]) => path.startsWith(dir.path)).map(([fd]) => fd);
}

claim("adopt() leaves one descriptor of the lock, and closes the one that was received", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  const lock = await HeldLock.adopt(dir.path, fd);
  const open = descriptorsInto(dir);
  assertEquals([open.length, open.includes(fd)], [1, false]);
  lock.releaseSync();
  assertEquals([descriptorsInto(dir), isFree(dir.path)], [[], true]);
}, LINUX);

claim("a lock that was adopted is close-on-exec", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  using _lock = await HeldLock.adopt(dir.path, fd);
  const [own] = descriptorsInto(dir);
  const [, flags] = /^flags:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${own}`)) ?? [];
  assertEquals(parseInt(flags, 8) & 0o2000000, 0o2000000);
}, LINUX);

claim("a lock that was adopted can be passed on, and verified", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  const second = await HeldLock.adopt(dir.path, fd);
  second.verify();
  let sent = -1;
  second.pass((locked) => (sent = rawDescriptor(locked)) > 0);
  using third = await HeldLock.adopt(dir.path, sent);
  third.verify();
}, LINUX);

claim("a lock that was adopted by a worker is free after the worker was terminated", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  using worker = new LockWorker(dir.path);
  assertEquals(await worker.adopt(fd), { event: "acquired" });
  assertEquals(isFree(dir.path), false);
  worker.terminate();
  await eventually(() => assertEquals(isFree(dir.path), true));
}, LINUX);

claim("adopt() locks a descriptor of the lockfile that nobody has locked", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  (await HeldLock.adopt(dir.path, fd)).releaseSync();
  using _lock = await HeldLock.adopt(dir.path, rawDescriptorOf(dir.join(".handoff.lock")));
  assertEquals(isFree(dir.path), false);
}, LINUX);

/** What may come in place of the lock, and how it is made. */
const WRONG: Readonly<Record<string, (dir: TempDir) => number>> = {
  "of another file": (dir) => {
    HeldLock.acquireSync(dir.path).releaseSync();
    Deno.writeTextFileSync(dir.join("other"), "");
    return rawDescriptorOf(dir.join("other"));
  },
  "of a lockfile that was replaced": (dir) => {
    let fd = -1;
    HeldLock.acquireSync(dir.path).pass((locked) => (fd = rawDescriptor(locked)) > 0);
    Deno.removeSync(dir.join(".handoff.lock"));
    Deno.writeTextFileSync(dir.join(".handoff.lock"), "");
    return fd;
  },
  "of a lockfile that was deleted": (dir) => {
    let fd = -1;
    HeldLock.acquireSync(dir.path).pass((locked) => (fd = rawDescriptor(locked)) > 0);
    Deno.removeSync(dir.join(".handoff.lock"));
    return fd;
  },
};

for (const [what, make] of Object.entries(WRONG)) {
  claim(`adopt() refuses and closes a descriptor ${what}, and leaves the directory unchanged`, async () => {
    using dir = new TempDir();
    const fd = make(dir);
    const before = dir.entries();
    await assertRejects(
      () => HeldLock.adopt(dir.path, fd),
      LockAdoptionError,
      `descriptor ${fd} is not its .handoff.lock`,
    );
    assertEquals([descriptorsInto(dir), dir.entries()], [[], before]);
  }, LINUX);
}

claim(
  "adopt() refuses a descriptor of the lockfile that another program has locked, and leaves it locked",
  async () => {
    using dir = new TempDir();
    using _holder = new ForeignHolder(dir.path, { pidfile: `${Deno.pid}\n` });
    const fd = rawDescriptorOf(dir.join(".handoff.lock"));
    const error = await assertRejects(() => HeldLock.adopt(dir.path, fd), LockHeldError);
    assertMatch(error.message, /^Cannot adopt the lock of /);
    assertEquals([openFiles().get(fd)?.startsWith(dir.path) ?? false, isFree(dir.path)], [false, false]);
  },
  LINUX,
);

claim("adopt() refuses a number that is not open, and closes nothing", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  using lock = await HeldLock.adopt(dir.path, fd);
  await assertRejects(() => HeldLock.adopt(dir.path, 1_000_000), LockAdoptionError);
  lock.verify();
  assertEquals(isFree(dir.path), false);
}, LINUX);

claim("adopt() closes what it received when the pidfile cannot be published, and gives the lock back", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  Deno.removeSync(dir.join(".handoff.pidfile"));
  Deno.mkdirSync(dir.join(".handoff.pidfile"));
  await assertRejects(() => HeldLock.adopt(dir.path, fd), Deno.errors.IsADirectory);
  assertEquals(descriptorsInto(dir), []);
  // A test beside this one forks, and its child has the file open until its exec.
  await eventually(() => assertEquals(isFree(dir.path), true));
}, LINUX);

claim("adopt() closes what it received when the path is not one", async () => {
  const { dir, fd } = passed();
  using _ = dir;
  await assertRejects(() => HeldLock.adopt("", fd), TypeError);
  assertEquals(descriptorsInto(dir), []);
  // A test beside this one forks, and its child has the file open until its exec.
  await eventually(() => assertEquals(isFree(dir.path), true));
}, LINUX);
