import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { DataDirLock, type Holder } from "@scope/handoff";
import { Child, type Report } from "../support/child.ts";
import { allStarted } from "../support/all_started.ts";
import { claim } from "../support/claim.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { holding } from "../support/holding.ts";
import { pidfile } from "../support/read_pidfile.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const form of ["break", "breakSync"]) {
  const name = form === "break" ? "acquireOrBreakStale()" : "acquireOrBreakStaleSync()";

  claim(`${name} succeeds after the holder was killed, and the pidfile names the new holder`, async () => {
    using dir = new TempDir();
    const dead = await killedHolder(dir);
    await using heir = new Child("holder.ts", { args: [dir.path] });
    assertEquals(pidfile(dir), `${dead}\n`);
    assertEquals((await heir.ask(form)).event, "acquired");
    assertEquals(pidfile(dir), `${heir.pid}\n`);
  });

  claim(`${name} is refused while the holder is alive, without a word about staleness`, async () => {
    using dir = new TempDir();
    await using holder = new Child("holder.ts", { args: [dir.path] });
    await using contender = new Child("holder.ts", { args: [dir.path] });
    await holder.ask("acquire");
    const refusal = await contender.ask(form);
    assertEquals(refusal.error, "StaleLockBreakRefusedError");
    assertEquals(refusal.holder, { pid: holder.pid, liveness: "alive", self: false });
  });

  claim(`${name} is refused when the named holder is dead and another program holds the flock`, async () => {
    using dir = new TempDir();
    const dead = await killedHolder(dir);
    using _foreign = new ForeignHolder(dir.path);
    await using contender = new Child("holder.ts", { args: [dir.path] });
    assertEquals((await contender.ask(form)).event, "stale");
    const refusal = await contender.next();
    assertEquals(refusal.error, "StaleLockBreakRefusedError");
    assertEquals(refusal.holder, { pid: dead, liveness: "dead", self: false });
  });

  claim(`${name} leaves the pidfile of a dead holder when it is refused`, async () => {
    using dir = new TempDir();
    const dead = await killedHolder(dir);
    using _foreign = new ForeignHolder(dir.path);
    await using contender = new Child("holder.ts", { args: [dir.path] });
    await contender.ask(form);
    await contender.next();
    assertEquals(pidfile(dir), `${dead}\n`);
  });

  claim(`of eight processes that call ${name} at once after the holder was killed, exactly one wins`, async () => {
    using dir = new TempDir();
    await killedHolder(dir);
    await using children = new AsyncDisposableStack();
    const breakers = Array.from({ length: 8 }, () => children.use(new Child("holder.ts", { args: [dir.path] })));
    await allStarted(breakers);
    const outcomes = await Promise.all(breakers.map((breaker) => outcome(breaker, form)));
    assertEquals(outcomes.sort(), [...Array(7).fill("StaleLockBreakRefusedError"), "acquired"]);
  });
}

claim("acquireOrBreakStale() warns with exactly one line, which names the directory and the dead holder", async () => {
  using dir = new TempDir();
  const dead = await killedHolder(dir);
  using _foreign = new ForeignHolder(dir.path);
  await using contender = new Child("holder.ts", { args: [dir.path] });
  await contender.ask("breakAloud");
  await contender.end();
  const lines = (await contender.stderr).trimEnd().split("\n");
  assertEquals(lines.length, 1);
  assertMatch(lines[0], new RegExp(`${dir.path}.*\\b${dead}\\b`));
});

claim("acquireOrBreakStale() calls onStale once, with the holder, in place of the warning", async () => {
  using dir = new TempDir();
  const dead = await killedHolder(dir);
  using _foreign = new ForeignHolder(dir.path);
  using warnings = new Warnings();
  const told: Holder[] = [];
  const breaking = DataDirLock.acquireOrBreakStale(dir.path, { onStale: (holder) => void told.push(holder) });
  await assertRejects(() => breaking);
  assertEquals(told, [{ pid: dead, liveness: "dead", self: false }]);
  assertEquals(warnings.lines, []);
});

claim("acquireOrBreakStale() says nothing when the lock is free, whoever the pidfile names", async () => {
  using dir = new TempDir();
  await killedHolder(dir);
  using warnings = new Warnings();
  await using _lock = await DataDirLock.acquireOrBreakStale(dir.path);
  assertEquals(warnings.lines, []);
});

claim("acquireOrBreakStale() gets the lock that its holder gives back while onStale runs", () => {
  using dir = new TempDir();
  using foreign = foreignHolder(dir);
  const onStale = () => foreign.dispose();
  using lock = DataDirLock.acquireOrBreakStaleSync(dir.path, { onStale });
  assertEquals(lock.released, false);
  assertEquals(isFree(dir.path), false);
});

claim("breaking a stale lock keeps the lockfile's inode", () => {
  using dir = new TempDir();
  using foreign = foreignHolder(dir);
  const { ino } = Deno.statSync(dir.join(".handoff.lock"));
  using _lock = DataDirLock.acquireOrBreakStaleSync(dir.path, { onStale: () => foreign.dispose() });
  assertEquals(Deno.statSync(dir.join(".handoff.lock")).ino, ino);
});

claim("an onStale that throws leaves nothing held", () => {
  using dir = new TempDir();
  using foreign = foreignHolder(dir);
  const onStale = () => {
    foreign.dispose();
    throw new RangeError("no");
  };
  assertThrows(() => DataDirLock.acquireOrBreakStaleSync(dir.path, { onStale }), RangeError, "no");
  assertEquals(isFree(dir.path), true);
  assertEquals(dir.entries(), [".handoff.lock"]);
});

/** The pid of a process that held the lock until it was killed, and that nobody has by now. */
async function killedHolder(dir: TempDir): Promise<number> {
  await using holder = await holding(dir);
  await holder.killed();
  return holder.pid;
}

/** A holder that is no process of ours, to be disposed of once or more often. */
function foreignHolder(dir: TempDir): DisposableStack {
  const stack = new DisposableStack();
  stack.use(new ForeignHolder(dir.path));
  return stack;
}

/** What became of a breaker, after whatever it had to say about staleness. */
async function outcome(breaker: Child, form: string): Promise<string> {
  let report: Report = await breaker.ask(form);
  while (report.event === "stale") report = await breaker.next();
  return report.error ?? report.event;
}

/** Collects what goes to `console.warn` while it is in use. */
class Warnings implements Disposable {
  readonly lines: string[] = [];
  readonly #warn = console.warn;

  constructor() {
    console.warn = (...data) => void this.lines.push(data.join(" "));
  }

  [Symbol.dispose](): void {
    console.warn = this.#warn;
  }
}
