import { assertEquals } from "@std/assert";
import { allStarted } from "../support/all_started.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { assertUndone, type Fault, inject, unpublished } from "../support/fault.ts";
import { TempDir } from "../support/temp_dir.ts";
import { TRACING } from "../support/tracer.ts";

const TEMPORARY = ".handoff.pidfile.tmp";

/** What can go wrong between the lock and the pidfile that names its holder. */
const FAULTS: readonly Fault[] = [
  { call: "/^open", file: TEMPORARY, error: "EMFILE" },
  ...["ENOSPC", "EIO", "EDQUOT"].flatMap((error) => [
    { call: "/write", file: TEMPORARY, error },
    { call: "fsync", file: TEMPORARY, error },
    { call: "fsync", file: ".", error },
  ]),
  { call: "/^rename", file: TEMPORARY, error: "EROFS" },
];

for (const form of ["acquire", "acquireSync"]) {
  for (const fault of FAULTS) {
    const { call, file, error } = fault;
    claim(
      `${form}() says ${error} and undoes all where ${call.replace("/", "")} of ${file} fails with it`,
      async () => {
        await assertUndone(form, fault, unpublished(error));
      },
      { needs: TRACING },
    );
  }

  claim(`${form}() leaves no pidfile where none was, when the directory cannot be flushed`, async () => {
    using dir = new TempDir();
    await using process = new Child("holder.ts", { args: [dir.path] });
    await allStarted([process]);
    await using _fault = await inject(process.pid, dir.path, { call: "fsync", file: ".", error: "EIO" });
    assertEquals((await process.ask(form)).code, "EIO");
    assertEquals(dir.entries(), [".handoff.lock"]);
  }, { needs: TRACING });
}
