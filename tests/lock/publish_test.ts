import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { DataDir } from "../../lock/data_dir.ts";
import { publishPidfile } from "../../lock/pidfile.ts";
import { type Pause, runAsync, runSync, type Steps } from "../../lock/sync_or_async.ts";
import { LockLostError } from "../../lock/errors.ts";
import { snapshot } from "../support/disk.ts";
import { ForeignHolder, isFree } from "../support/foreign_holder.ts";
import { steps } from "../support/stepping.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A directory whose entries cannot be made durable. */
function unflushable({ path }: TempDir): DataDir {
  const filesystem = { type: "fake", network: false, memory: false };
  return { path, filesystem, fileSizeLimit: Infinity, flush, [Symbol.dispose]: () => {} } as unknown as DataDir;
}

/** Publishes under a lock that stays in its place. */
function publish(directory: DataDir): Steps<void> {
  return publishPidfile(directory, () => {});
}

function flush(): Pause {
  const fail = () => {
    throw Object.assign(new Error("the disk is gone"), { code: "EIO" });
  };
  return { wait: () => Promise.reject(new Error("the disk is gone")), waitSync: fail };
}

const LEFT_OVER: Readonly<Record<string, (path: string) => void>> = {
  "of a dead process": (path) => Deno.writeTextFileSync(path, "4194304\n"),
  "that is malformed, and long": (path) => Deno.writeTextFileSync(path, "x".repeat(100_000)),
};

for (const [what, leave] of Object.entries(LEFT_OVER)) {
  claim(`a pidfile ${what} stands again when the new one cannot be made durable`, async () => {
    using dir = new TempDir();
    const pidfile = dir.join(".handoff.pidfile");
    leave(pidfile);
    const before = Deno.readTextFileSync(pidfile);
    assertThrows(() => runSync(publish(unflushable(dir))), Error, "the disk is gone");
    assertEquals([dir.entries(), Deno.readTextFileSync(pidfile)], [[".handoff.pidfile"], before]);
    await assertRejects(() => runAsync(publish(unflushable(dir))), Error, "the disk is gone");
    assertEquals([dir.entries(), Deno.readTextFileSync(pidfile)], [[".handoff.pidfile"], before]);
  });
}

claim("where there was no pidfile, none is left when the new one cannot be made durable", async () => {
  using dir = new TempDir();
  assertThrows(() => runSync(publish(unflushable(dir))), Error, "the disk is gone");
  assertEquals(dir.entries(), []);
  await assertRejects(() => runAsync(publish(unflushable(dir))), Error, "the disk is gone");
  assertEquals(dir.entries(), []);
});

claim("a pidfile that the process may not write, by its file size limit, is not begun", () => {
  using dir = new TempDir();
  const directory = Object.assign(unflushable(dir), { fileSizeLimit: 1 });
  const error = assertThrows(() => runSync(publish(directory)), Error, "RLIMIT_FSIZE");
  assertEquals((error as Error & { code: string }).code, "EFBIG");
  assertEquals(dir.entries(), []);
});

claim("a temporary pidfile that cannot be renamed is gone, and what stands in the way stays", () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join(".handoff.pidfile"));
  assertThrows(() => runSync(publish(unflushable(dir))), Deno.errors.IsADirectory);
  assertEquals(dir.entries(), [".handoff.pidfile"]);
});

claim("where the lock is lost before the rename, the pidfile of another stands, and ours is nowhere", () => {
  using dir = new TempDir();
  Deno.writeTextFileSync(dir.join(".handoff.pidfile"), "4242\n");
  const before = snapshot(dir.path);
  const lost = new LockLostError({ dataDir: dir.path, reason: "lockfile-replaced" });
  const requireHeld = () => {
    throw lost;
  };
  const error = assertThrows(() => runSync(publishPidfile(unflushable(dir), requireHeld)));
  assertEquals([error, snapshot(dir.path)], [lost, before]);
});

claim("where the lock is lost after the rename, ours is gone, and what another put there stands", () => {
  for (const other of [undefined, "4242\n"]) {
    using dir = new TempDir();
    const pidfile = dir.join(".handoff.pidfile");
    let looks = 0;
    const requireHeld = () => {
      if (++looks === 1) return;
      if (other !== undefined) {
        Deno.writeTextFileSync(dir.join("new"), other);
        Deno.renameSync(dir.join("new"), pidfile);
      }
      throw new LockLostError({ dataDir: dir.path, reason: "lockfile-replaced" });
    };
    const directory = Object.assign(unflushable(dir), { flush: () => ({ wait() {}, waitSync() {} }) });
    assertThrows(() => runSync(publishPidfile(directory, requireHeld)), LockLostError);
    assertEquals(dir.entries(), other === undefined ? [] : [".handoff.pidfile"]);
    if (other !== undefined) assertEquals(Deno.readTextFileSync(pidfile), other);
  }
});

claim("an acquire whose directory is replaced during a flush takes the lock of the one that is there", async () => {
  using parent = new TempDir("/var/tmp");
  const path = parent.join("data");
  Deno.mkdirSync(path);
  let replaced = false;
  for await (const { call, pid } of steps(path, ["acquire"])) {
    if (!replaced && call.includes("fsync(")) {
      Deno.renameSync(path, parent.join("moved"));
      Deno.mkdirSync(path);
      replaced = true;
    }
    if (replaced && call.includes("rename") && parent.entries(path).includes(".handoff.pidfile")) {
      assertEquals(Deno.readTextFileSync(`${path}/.handoff.pidfile`), `${pid}\n`);
      assertEquals(isFree(path), false);
    }
  }
  assertEquals(replaced, true);
  // What was moved away with the directory is out of reach by its path; the next acquire there replaces it.
  assertEquals(parent.entries(parent.join("moved")), [".handoff.lock", ".handoff.pidfile.tmp"]);
  assertEquals(parent.entries(path), [".handoff.lock", ".handoff.pidfile"]);
}, { needs: ["linux", "strace"] });

claim("an acquire whose directory is replaced during a flush is refused where another has locked it", async () => {
  using parent = new TempDir("/var/tmp");
  const path = parent.join("data");
  Deno.mkdirSync(path);
  using others = new DisposableStack();
  let before: unknown;
  const acquired = async () => {
    for await (const { call } of steps(path, ["acquire"])) {
      if (before !== undefined || !call.includes("fsync(")) continue;
      Deno.renameSync(path, parent.join("moved"));
      Deno.mkdirSync(path);
      others.use(new ForeignHolder(path, { pidfile: "4242\n" }));
      before = snapshot(path);
    }
  };
  await assertRejects(acquired, Error, "the pidfile names process 4242");
  assertEquals(snapshot(path), before);
}, { needs: ["linux", "strace"] });
