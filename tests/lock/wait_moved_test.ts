import { assertEquals } from "@std/assert";
import { DataDirLock, type Holder } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { eventually, inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("a directory that does not exist yet needs no waiting: it is made and locked", async () => {
  using dir = new TempDir();
  const told: Holder[] = [];
  const onWait = (holder: Holder) => void told.push(holder);
  using lock = await DataDirLock.acquire(dir.join("a/data"), { timeout: Infinity, onWait });
  assertEquals(isFree(lock.dataDir), false);
  assertEquals(told, []);
});

claim("a waiter gets a new directory at the place of one that was renamed", async () => {
  using dir = new TempDir();
  const data = dir.join("data");
  using _former = DataDirLock.acquireSync(data);
  const acquiring = DataDirLock.acquire(data, { timeout: Infinity });
  Deno.renameSync(data, dir.join("moved"));
  using lock = await inTime(acquiring);
  lock.verify();
  assertEquals(isFree(data), false);
});

claim("a waiter gets the directory that was removed, with all that is in it, and made again", async () => {
  using dir = new TempDir();
  const data = dir.join("data");
  using _former = DataDirLock.acquireSync(data);
  const acquiring = DataDirLock.acquire(data, { timeout: Infinity });
  Deno.removeSync(data, { recursive: true });
  Deno.mkdirSync(data);
  using lock = await inTime(acquiring);
  lock.verify();
});

claim("a waiter whose directory is made anew waits for the holder of the new one", async () => {
  using dir = new TempDir();
  const data = dir.join("data");
  const former = DataDirLock.acquireSync(data);
  await using holder = new Child("holder.ts", { args: [dir.join("new")] });
  await holder.ask("acquire");
  const told: Holder[] = [];
  const acquiring = DataDirLock.acquire(data, { timeout: Infinity, onWait: (who) => void told.push(who) });
  Deno.renameSync(data, dir.join("moved"));
  Deno.renameSync(dir.join("new"), data);
  await eventually(() => assertEquals(told.map((who) => who.pid), [Deno.pid, holder.pid]));
  former.releaseSync();
  await holder.killed();
  using lock = await inTime(acquiring);
  lock.verify();
});

claim("a waiter whose lockfile is replaced waits for the holder of the new one", async () => {
  using dir = new TempDir();
  using former = new DisposableStack();
  using holder = new DisposableStack();
  former.use(new ForeignHolder(dir.path));
  const { promise: noticed, resolve: notice } = Promise.withResolvers<Holder>();
  const onWait = (who: Holder) => who.pid === Deno.pid && notice(who);
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity, onWait });
  holder.use(new ForeignHolder(dir.path, { name: "new.lock", pidfile: `${Deno.pid}\n` }));
  Deno.renameSync(dir.join("new.lock"), dir.join(".handoff.lock"));
  former.dispose();
  await inTime(noticed);
  holder.dispose();
  using lock = await inTime(acquiring);
  lock.verify();
});

claim("a waiter whose lockfile is deleted gets a new one, and its holder is told that the lock is lost", async () => {
  using dir = new TempDir();
  using former = DataDirLock.acquireSync(dir.path);
  const lost = Promise.withResolvers<Event>();
  former.lost.addEventListener("abort", lost.resolve, { once: true });
  const acquiring = DataDirLock.acquire(dir.path, { timeout: Infinity });
  Deno.removeSync(dir.join(".handoff.lock"));
  using lock = await inTime(acquiring);
  lock.verify();
  await inTime(lost.promise);
});
