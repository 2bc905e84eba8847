import { assertEquals } from "@std/assert";
import { Child, type Report } from "../support/child.ts";
import { allStarted } from "../support/all_started.ts";
import { claim } from "../support/claim.ts";
import { dataFiles } from "../support/data_files.ts";
import { assertFailure, type Failure, type Fault, inject, plainError } from "../support/fault.ts";
import { isFree } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";
import { Tracer, TRACING } from "../support/tracer.ts";

const cannotRemove = (code: string) =>
  plainError(code, (dataDir) => `Cannot remove the pidfile "${dataDir}/.handoff.pidfile": `);
const cannotUnlock: Failure = {
  ...plainError("ENOLCK", (dataDir) => `Cannot unlock "${dataDir}/.handoff.lock": flock failed with `),
  error: "SyscallError",
};

for (const form of ["release", "releaseSync"]) {
  for (const error of ["EIO", "EROFS"]) {
    claim(`${form}() says ${error} where the pidfile cannot be removed, and frees the lock all the same`, async () => {
      using dir = new TempDir();
      await using process = await holder(dir);
      const fault: Fault = { call: "/^unlink", file: ".handoff.pidfile", error };
      assertFailure(await releaseWith(fault, { process, dir, form }), cannotRemove(error), dir.path);
      assertEquals(isFree(dir.path), true);
    }, { needs: TRACING });
  }

  claim(
    `${form}() says ENOLCK where the kernel refuses to unlock, and frees the lock by closing the file`,
    async () => {
      using dir = new TempDir();
      await using process = await holder(dir);
      const fault: Fault = { call: "flock", file: ".handoff.lock", error: "ENOLCK" };
      assertFailure(await releaseWith(fault, { process, dir, form }), cannotUnlock, dir.path);
      assertEquals(dir.entries(), [".handoff.lock"]);
      assertEquals(isFree(dir.path), true);
    },
    { needs: TRACING },
  );

  claim(
    `${form}() frees the lock although the lockfile cannot be closed, so that the next acquire succeeds`,
    async () => {
      using dir = new TempDir();
      await using process = await holder(dir);
      const fault: Fault = { call: "close", file: ".handoff.lock", error: "EIO" };
      assertEquals((await releaseWith(fault, { process, dir, form })).event, "released");
      assertEquals(dir.entries(), [".handoff.lock"]);
      assertEquals((await process.ask("acquire")).event, "acquired");
    },
    { needs: TRACING },
  );
}

for (const form of ["acquire", "acquireSync"]) {
  claim(`${form}() succeeds although every close fails with EIO`, async () => {
    using dir = new TempDir();
    await using process = new Child("holder.ts", { args: [dir.path] });
    await allStarted([process]);
    await using _fault = await Tracer.attach(process.pid, { files: dataFiles(dir.path), inject: "close:error=EIO" });
    assertEquals((await process.ask(form)).event, "acquired");
    assertEquals(Deno.readTextFileSync(dir.join(".handoff.pidfile")), `${process.pid}\n`);
    assertEquals(isFree(dir.path), false);
  }, { needs: TRACING });
}

/** A process that holds the lock. */
async function holder(dir: TempDir): Promise<Child> {
  const process = new Child("holder.ts", { args: [dir.path] });
  await process.ask("acquire");
  return process;
}

interface Release {
  readonly process: Child;
  readonly dir: TempDir;
  readonly form: string;
}

async function releaseWith(fault: Fault, { process, dir, form }: Release): Promise<Report> {
  await using _fault = await inject(process.pid, dir.path, fault);
  return await process.ask(form);
}
