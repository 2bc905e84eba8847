import { assertEquals } from "@std/assert";
import { allStarted } from "../support/all_started.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { assertFailure, assertUndone, type Fault, inject, plainError } from "../support/fault.ts";
import { TempDir } from "../support/temp_dir.ts";
import { TRACING } from "../support/tracer.ts";

const LOCKFILE = ".handoff.lock";

const openLockfile = plainError("EMFILE", (dataDir) => `Cannot open the lockfile "${dataDir}/${LOCKFILE}": `);
const openDirectory = plainError("EMFILE", (dataDir) => `Cannot open the data directory "${dataDir}": `);

for (const form of ["acquire", "acquireSync"]) {
  for (const [purpose, when] of [["to be taken", "1"], ["to be proved", "2"]]) {
    claim(`${form}() says EMFILE and undoes all where the lockfile cannot be opened ${purpose}`, async () => {
      await assertUndone(form, { call: "/^open", file: LOCKFILE, error: "EMFILE", when }, openLockfile);
    }, { needs: TRACING });
  }

  claim(`${form}() says EMFILE and undoes all where the directory cannot be opened`, async () => {
    await assertUndone(form, { call: "/^open", file: ".", error: "EMFILE" }, openDirectory);
  }, { needs: TRACING });

  claim(`${form}() says ENOSPC where the directory cannot be made, and makes it when it can`, async () => {
    using dir = new TempDir();
    const dataDir = dir.join("data");
    await using process = new Child("holder.ts", { args: [dataDir] });
    await allStarted([process]);
    {
      const fault: Fault = { call: "/^mkdir", file: ".", error: "ENOSPC" };
      await using _fault = await inject(process.pid, dataDir, fault);
      const failure = plainError("ENOSPC", () => `Cannot create the data directory "${dataDir}": `);
      assertFailure(await process.ask(form), failure, dataDir);
      assertEquals(dir.entries(), []);
    }
    assertEquals((await process.ask(form)).event, "acquired");
  }, { needs: TRACING });
}
