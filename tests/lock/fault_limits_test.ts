import { assertEquals, assertNotEquals } from "@std/assert";
import { allStarted } from "../support/all_started.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { contents, leaveStale } from "../support/data_files.ts";
import { assertFailure, unpublished } from "../support/fault.ts";
import { isFree } from "../support/foreign_holder.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Enough for Deno itself, and soon used up. */
const FEW_DESCRIPTORS = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"] as const;

/** More descriptors than a lock ever has open at the same time. */
const ENOUGH = 16;

for (const [acquire, release] of [["acquire", "release"], ["acquireSync", "releaseSync"]]) {
  claim(`${acquire}() says EMFILE and undoes all for as long as too few descriptors are left`, async () => {
    using dir = new TempDir();
    leaveStale(dir.path);
    const before = contents(dir.path);
    await using process = new Child("hoarder.ts", { args: [dir.path], prefix: FEW_DESCRIPTORS });
    const refusals: string[] = [];
    for (let left = 0; left < ENOUGH; left++) {
      const { event, code, message } = await process.ask(`${acquire} ${left}`);
      if (event === "acquired") break;
      assertEquals(code, "EMFILE", message);
      assertEquals(contents(dir.path), before);
      assertEquals(isFree(dir.path), true);
      refusals.push(message);
    }
    assertNotEquals(refusals, []);
    assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${process.pid}\n`);
  });

  claim(`${release}() with no descriptor left frees the lock, and removes the pidfile or says EMFILE`, async () => {
    using dir = new TempDir();
    await using process = new Child("hoarder.ts", { args: [dir.path], prefix: FEW_DESCRIPTORS });
    await process.ask(`${acquire} ${ENOUGH}`);
    const { code } = await process.ask(`${release} 0`);
    assertEquals(dir.entries().includes(".handoff.pidfile"), code === "EMFILE");
    assertEquals(isFree(dir.path), true);
  });

  claim(
    `${acquire}() says EFBIG and undoes all where the process may write no file`,
    async () => {
      using dir = new TempDir();
      leaveStale(dir.path);
      const before = contents(dir.path);
      await using process = new Child("holder.ts", { args: [dir.path] });
      await allStarted([process]);
      limitFiles(process, "0");
      assertFailure(await process.ask(acquire), unpublished("EFBIG"), dir.path);
      assertEquals(contents(dir.path), before);
      assertEquals(isFree(dir.path), true);
      limitFiles(process, "-1");
      assertEquals((await process.ask(acquire)).event, "acquired");
    },
    { needs: ["python3"] },
  );
}

/** Sets how long the files that a process writes may be, in bytes; -1 is without a limit. */
function limitFiles(process: Child, bytes: string): void {
  const soft = "import resource, sys; pid, bytes = map(int, sys.argv[1:]); " +
    "resource.prlimit(pid, resource.RLIMIT_FSIZE, (bytes, resource.RLIM_INFINITY))";
  run("python3", "-c", soft, `${process.pid}`, bytes);
}
