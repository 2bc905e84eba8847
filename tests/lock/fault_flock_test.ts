import { assertEquals } from "@std/assert";
import { allStarted } from "../support/all_started.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { assertUndone, type Failure, type Fault, inject, plainError } from "../support/fault.ts";
import { isFree } from "../support/foreign_holder.ts";
import { holding } from "../support/holding.ts";
import { TempDir } from "../support/temp_dir.ts";
import { TRACING } from "../support/tracer.ts";

const LOCKFILE = ".handoff.lock";

/** More interruptions than signals can make in the time that a flock takes. */
const STORM = 100;

/** Each flock that a lock asks for, and the calls of a storm that breaks out over it. */
const STORMS = { "taken": [1, STORM], "proved": [2, STORM + 1] } as const;

for (const form of ["acquire", "acquireSync"]) {
  for (const [moment, [first, last]] of Object.entries(STORMS)) {
    claim(`${form}() gets the lock although flock is interrupted ${STORM} times while it is ${moment}`, async () => {
      using dir = new TempDir();
      await using process = new Child("holder.ts", { args: [dir.path] });
      await allStarted([process]);
      await using storm = await inject(process.pid, dir.path, flock("EINTR", `${first}..${last}`));
      assertEquals((await process.ask(form)).event, "acquired");
      assertEquals(storm.injected, STORM);
    }, { needs: TRACING });
  }

  claim(`${form}() gives up, and undoes all, where flock is interrupted without end`, async () => {
    await assertUndone(form, flock("EINTR", "1+"), noFlock("EINTR"));
  }, { needs: TRACING });

  for (const [moment, nth] of [["be taken", "1"], ["be proved", "2"]]) {
    claim(`${form}() says ENOLCK and undoes all where the kernel has no lock left for it to ${moment}`, async () => {
      await assertUndone(form, flock("ENOLCK", nth), noFlock("ENOLCK"));
    }, { needs: TRACING });
  }
}

for (const form of ["release", "releaseSync"]) {
  claim(`${form}() frees the lock although flock is interrupted ${STORM} times`, async () => {
    using dir = new TempDir();
    await using process = await holding(dir);
    await using storm = await inject(process.pid, dir.path, flock("EINTR", `1..${STORM}`));
    assertEquals((await process.ask(form)).event, "released");
    assertEquals(storm.injected, STORM);
    assertEquals(isFree(dir.path), true);
  }, { needs: TRACING });
}

function flock(error: string, when: string): Fault {
  return { call: "flock", file: LOCKFILE, error, when };
}

function noFlock(code: string): Failure {
  return {
    ...plainError(code, (dataDir) => `Cannot lock "${dataDir}/${LOCKFILE}": flock failed with `),
    error: "SyscallError",
  };
}
