import { assert, assertEquals } from "@std/assert";
import { DataDirLock, inspectSync, LockHeldError } from "@scope/handoff";
import { claim } from "../support/claim.ts";
import { type Progress, steps } from "../support/stepping.ts";
import { TempDir } from "../support/temp_dir.ts";
import { TRACING } from "../support/tracer.ts";

for (const commands of [["acquire", "release"], ["acquireSync", "releaseSync"]]) {
  const forms = commands.map((command) => `${command}()`).join(" and ");

  claim(`at each step of ${forms}, a contender gets the lock or is refused as the kernel says`, async () => {
    using dir = new TempDir();
    const seen = await eachStep(dir.join("data"), commands, ({ locked, named, pid, call }) => {
      assertEquals(attempt(dir.join("data")), locked ? `held by ${named ? pid : "nobody known"}` : "acquired", call);
    });
    assertSeen(seen);
  }, { needs: TRACING });

  claim(`at each step of ${forms}, inspect() tells who holds the lock`, async () => {
    using dir = new TempDir();
    const seen = await eachStep(dir.join("data"), commands, ({ locked, named, pid, call }) => {
      const { held, holder } = inspectSync(dir.join("data"));
      assertEquals({ held, holder: holder.pid }, { held: locked, holder: named ? pid : undefined }, call);
    });
    assertSeen(seen);
  }, { needs: TRACING });
}

async function eachStep(
  dataDir: string,
  commands: readonly string[],
  look: (progress: Progress) => void,
): Promise<Progress[]> {
  const seen: Progress[] = [];
  for await (const progress of steps(dataDir, commands)) {
    look(progress);
    seen.push(progress);
  }
  return seen;
}

/** Every mixture of locked and named that the order of the steps allows, and the one that it does not. */
function assertSeen(all: readonly Progress[]): void {
  const seen = new Set(
    all.map(({ locked, named }) => `${locked ? "locked" : "free"}, ${named ? "named" : "unnamed"}`),
  );
  assertEquals([...seen].sort(), ["free, unnamed", "locked, named", "locked, unnamed"]);
}

/** What comes of an acquire that gives the lock back at once. */
function attempt(dataDir: string): string {
  try {
    using lock = DataDirLock.acquireSync(dataDir);
    return lock.released ? "released" : "acquired";
  } catch (error) {
    assert(error instanceof LockHeldError, String(error));
    return `held by ${(error as LockHeldError).holderPid ?? "nobody known"}`;
  }
}
