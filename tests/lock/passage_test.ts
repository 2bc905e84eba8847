import { assertEquals, assertThrows } from "@std/assert";
import { HandoffError } from "@scope/handoff";
import { HeldLock } from "../../lock/held_lock.ts";
import { Child, type Report } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { isFree } from "../support/foreign_holder.ts";
import { rawDescriptor } from "../support/raw_descriptor.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";

const LINUX = { needs: ["linux"] } as const;

/** What the giver may do after the lock has left, and whether it ends by that. */
for (const [action, what] of [["stay", "lives on"], ["release", "releases"], ["exit", "ends by Deno.exit"]]) {
  claim(`a lock that was passed is the receiver's when the giver ${what}`, async () => {
    using dir = new TempDir();
    await using giver = new Child("passer.ts", { args: [dir.path, action] });
    const adopted = await passLock(giver);
    if (action === "exit") assertEquals((await giver.status).success, true);
    assertEquals([isFree(dir.path), pidfile(dir)], [false, `${adopted.pid}\n`]);
    await giver.send("release");
    await event(giver, "released");
    assertEquals([isFree(dir.path), dir.entries()], [true, [".handoff.lock"]]);
  }, LINUX);
}

claim("a lock that was passed is the receiver's when the giver is killed", async () => {
  using dir = new TempDir();
  await using giver = new Child("passer.ts", { args: [dir.path, "stay"] });
  const adopted = await passLock(giver);
  await giver.killed();
  assertEquals([isFree(dir.path), pidfile(dir)], [false, `${adopted.pid}\n`]);
}, LINUX);

claim(
  "a waiting acquire() is not let in while the lock is passed, and gets it when the receiver releases",
  async () => {
    using dir = new TempDir();
    await using giver = new Child("passer.ts", { args: [dir.path, "release"] });
    await using waiter = new Child("waiter.ts", { args: [dir.path] });
    await event(giver, "acquired");
    assertEquals((await waiter.ask("acquire")).event, "waiting");
    await giver.send("pass");
    await event(giver, "adopted");
    await waiter.send("ask");
    assertEquals((await until(waiter, "here")).filter(({ event }) => event === "acquired"), []);
    await giver.send("release");
    await event(waiter, "acquired");
  },
  LINUX,
);

for (const [what, send] of [["sends nothing", () => false], ["throws", fail]] as const) {
  claim(`a lock is held as before when what should pass it ${what}`, () => {
    using dir = new TempDir();
    const lock = HeldLock.acquireSync(dir.path);
    if (send === fail) assertThrows(() => lock.pass(send), Error, "no connection");
    else assertEquals(lock.pass(send), false);
    lock.verify();
    assertEquals([lock.released, isFree(dir.path)], [false, false]);
    lock.releaseSync();
    assertEquals([isFree(dir.path), dir.entries()], [true, [".handoff.lock"]]);
  });
}

claim("a release while the lock is on its way leaves it to the receiver", async () => {
  using dir = new TempDir();
  const giver = HeldLock.acquireSync(dir.path);
  let sent = -1;
  giver.pass((fd) => {
    sent = rawDescriptor(fd);
    giver.releaseSync();
    return true;
  });
  assertEquals([isFree(dir.path), pidfile(dir)], [false, `${Deno.pid}\n`]);
  using _receiver = await HeldLock.adopt(dir.path, sent);
}, LINUX);

claim("a lock that was passed is released for its giver, and says so", async () => {
  using dir = new TempDir();
  const giver = HeldLock.acquireSync(dir.path);
  let sent = -1;
  giver.pass((fd) => (sent = rawDescriptor(fd)) > 0);
  using _receiver = await HeldLock.adopt(dir.path, sent);
  assertEquals(giver.released, true);
  for (const action of [() => giver.verify(), () => giver.pass(fail), () => giver.shareWithChildren()]) {
    assertThrows(action, HandoffError, "was passed to another process");
  }
}, LINUX);

function fail(): boolean {
  throw new Error("no connection");
}

/** Has a program pass its lock; the report of who has adopted it. */
async function passLock(giver: Child): Promise<Report> {
  await event(giver, "acquired");
  await giver.send("pass");
  return await event(giver, "adopted");
}

/** The next report of a kind. */
async function event(child: Child, kind: string): Promise<Report> {
  return (await until(child, kind)).at(-1)!;
}

/** The reports up to the next of a kind. */
async function until(child: Child, kind: string): Promise<Report[]> {
  const reports: Report[] = [];
  do reports.push(await child.next()); while (reports.at(-1)!.event !== kind);
  return reports;
}
