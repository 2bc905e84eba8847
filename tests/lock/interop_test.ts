import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { DataDirLock } from "@scope/handoff";
import { Child, commandLine } from "../support/child.ts";
import { claim, type Requirement } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Programs of other makers. Each takes the flock of a file, runs a command under it, and fails when it is refused. */
interface Locker {
  readonly name: string;
  readonly needs: readonly Requirement[];
  /** The command line, to which the path of the file and the command are added. */
  readonly command: readonly string[];
}

const LOCKERS: readonly Locker[] = [
  { name: "flock(1)", needs: ["flock"], command: ["flock", "--nonblock"] },
  { name: "Python's fcntl.flock", needs: ["python3"], command: ["python3", program("locker.py")] },
  { name: "Deno.FsFile.tryLock(true)", needs: [], command: commandLine("locker.ts") },
];

for (const { name, needs, command } of LOCKERS) {
  claim(`acquire() is refused while ${name} holds the lockfile`, async () => {
    using dir = new TempDir();
    await using contender = new Child("holder.ts", { args: [dir.path] });
    await using _locker = await startLocker(command, dir);
    const refusal = await contender.ask("acquire");
    assertEquals(refusal.error, "LockHeldError");
    assertEquals(refusal.holder, { liveness: "unknown", self: false });
  }, { needs });

  claim(`acquire() succeeds when ${name} has given the lockfile back`, async () => {
    using dir = new TempDir();
    await using contender = new Child("holder.ts", { args: [dir.path] });
    await using locker = await startLocker(command, dir);
    await contender.ask("acquire");
    await locker.end();
    assertEquals((await contender.ask("acquire")).event, "acquired");
  }, { needs });

  claim(`${name} is refused while a lock is held`, async () => {
    using dir = new TempDir();
    await using _lock = await DataDirLock.acquire(dir.path);
    assertEquals(await runLocker(command, dir), { success: false });
  }, { needs });

  claim(`${name} gets the lockfile when a lock was released`, async () => {
    using dir = new TempDir();
    const lock = await DataDirLock.acquire(dir.path);
    await lock.release();
    assertEquals(await runLocker(command, dir), { success: true });
  }, { needs });
}

/** Starts a locker and waits until it holds: what it runs answers only then. */
async function startLocker(command: readonly string[], dir: TempDir): Promise<Child> {
  await using starting = new AsyncDisposableStack();
  const locker = starting.use(new Child("holder.ts", { args: [dir.path], prefix: [...command, lockfile(dir)] }));
  assertEquals((await locker.ask("release")).event, "released");
  starting.move();
  return locker;
}

async function runLocker([program, ...args]: readonly string[], dir: TempDir): Promise<{ success: boolean }> {
  const command = new Deno.Command(program, { args: [...args, lockfile(dir), "true"] });
  const { success } = await command.output();
  return { success };
}

function lockfile(dir: TempDir): string {
  return dir.join(".handoff.lock");
}

function program(name: string): string {
  return fromFileUrl(new URL(`../programs/${name}`, import.meta.url));
}
