import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { DataDir } from "../../lock/data_dir.ts";
import { publishPidfile } from "../../lock/pidfile.ts";
import { type Pause, runAsync, runSync } from "../../lock/sync_or_async.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

/** A directory whose entries cannot be made durable. */
function unflushable({ path }: TempDir): DataDir {
  const filesystem = { type: "fake", network: false, memory: false };
  return { path, filesystem, fileSizeLimit: Infinity, flush, [Symbol.dispose]: () => {} } as unknown as DataDir;
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
    assertThrows(() => runSync(publishPidfile(unflushable(dir))), Error, "the disk is gone");
    assertEquals([dir.entries(), Deno.readTextFileSync(pidfile)], [[".handoff.pidfile"], before]);
    await assertRejects(() => runAsync(publishPidfile(unflushable(dir))), Error, "the disk is gone");
    assertEquals([dir.entries(), Deno.readTextFileSync(pidfile)], [[".handoff.pidfile"], before]);
  });
}

claim("where there was no pidfile, none is left when the new one cannot be made durable", async () => {
  using dir = new TempDir();
  assertThrows(() => runSync(publishPidfile(unflushable(dir))), Error, "the disk is gone");
  assertEquals(dir.entries(), []);
  await assertRejects(() => runAsync(publishPidfile(unflushable(dir))), Error, "the disk is gone");
  assertEquals(dir.entries(), []);
});

claim("a pidfile that the process may not write, by its file size limit, is not begun", () => {
  using dir = new TempDir();
  const directory = Object.assign(unflushable(dir), { fileSizeLimit: 1 });
  const error = assertThrows(() => runSync(publishPidfile(directory)), Error, "RLIMIT_FSIZE");
  assertEquals((error as Error & { code: string }).code, "EFBIG");
  assertEquals(dir.entries(), []);
});

claim("a temporary pidfile that cannot be renamed is gone, and what stands in the way stays", () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join(".handoff.pidfile"));
  assertThrows(() => runSync(publishPidfile(unflushable(dir))), Deno.errors.IsADirectory);
  assertEquals(dir.entries(), [".handoff.pidfile"]);
});
