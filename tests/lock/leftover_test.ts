import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { snapshot, Victim } from "../support/disk.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

const TEMPORARY = ".handoff.pidfile.tmp";

/** What may stand where the temporary pidfile is to be made. */
const LEFTOVERS: Readonly<Record<string, (path: string) => void>> = {
  "a file": (path) => Deno.writeTextFileSync(path, "42"),
  "a file without any permission": (path) => Deno.writeTextFileSync(path, "4242\n", { mode: 0 }),
  "an empty directory": (path) => Deno.mkdirSync(path),
  "a symbolic link to nowhere": (path) => Deno.symlinkSync(`${path}.nowhere`, path),
  "a symbolic link to itself": (path) => Deno.symlinkSync(path, path),
};

for (const [what, leave] of Object.entries(LEFTOVERS)) {
  claim(`acquire() replaces a left-over temporary pidfile that is ${what}`, async () => {
    using dir = new TempDir();
    leave(dir.join(TEMPORARY));
    using _lock = await DataDirLock.acquire(dir.path);
    assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
    assertEquals(Deno.lstatSync(dir.join(".handoff.pidfile")).isFile, true);
    assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${Deno.pid}\n`);
  });
}

claim("acquire() replaces a left-over temporary pidfile that is a FIFO, and waits for no reader", async () => {
  using dir = new TempDir();
  run("mkfifo", dir.join(TEMPORARY));
  await using holder = new Child("holder.ts", { args: [dir.path] });
  const { pid } = await holder.ask("acquire");
  assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
  assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${pid}\n`);
});

claim(
  "acquire() replaces a left-over temporary pidfile that is a symbolic link, and spares the file behind",
  async () => {
    using dir = new TempDir();
    using victim = new Victim("precious\n");
    Deno.symlinkSync(victim.path, dir.join(TEMPORARY));
    using _lock = await DataDirLock.acquire(dir.path);
    assertEquals(victim.untouched, true);
    assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${Deno.pid}\n`);
  },
);

claim(
  "acquire() replaces a left-over temporary pidfile that is a hard link, and spares the file it shares",
  async () => {
    using dir = new TempDir();
    Deno.writeTextFileSync(dir.join("victim"), "precious\n");
    Deno.linkSync(dir.join("victim"), dir.join(TEMPORARY));
    using _lock = await DataDirLock.acquire(dir.path);
    assertEquals(Deno.readTextFileSync(dir.join("victim")), "precious\n");
  },
);

claim("acquire() replaces a left-over temporary pidfile that is a link to a directory, and spares that", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("victim"));
  Deno.symlinkSync(dir.join("victim"), dir.join(TEMPORARY));
  using _lock = await DataDirLock.acquire(dir.path);
  assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile", "victim"]);
});

claim("acquire() fails where the temporary pidfile is a directory in use, names it and frees the lock", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join(TEMPORARY));
  Deno.writeTextFileSync(dir.join(`${TEMPORARY}/precious`), "");
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "4242\n");
  const before = snapshot(dir.path);
  const error = await assertRejects(() => DataDirLock.acquire(dir.path));
  assertEquals(error.code, "ENOTEMPTY");
  assertStringIncludes(error.message, dir.join(TEMPORARY));
  const { [".handoff.lock"]: _, ...after } = snapshot(dir.path);
  assertEquals(after, before);
  assertEquals(dir.entries(dir.join(TEMPORARY)), ["precious"]);
  assertEquals(isFree(dir.path), true);
});

claim("a contender leaves the temporary pidfile of a holder that is just publishing", async () => {
  using dir = new TempDir();
  using _holder = new ForeignHolder(dir.path);
  Deno.writeTextFileSync(dir.join(TEMPORARY), `${Deno.ppid}\n`);
  const before = snapshot(dir.path);
  await assertRejects(() => DataDirLock.acquire(dir.path), LockHeldError);
  assertEquals(snapshot(dir.path), before);
});
