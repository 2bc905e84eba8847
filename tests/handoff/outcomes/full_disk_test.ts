import { assertEquals, assertStringIncludes } from "@std/assert";
import { claim } from "../../support/claim.ts";
import { handoff } from "../../support/command.ts";
import { run } from "../../support/run.ts";
import { peer } from "../../support/supervised.ts";
import { SupervisorProcess } from "../../support/supervisor_process.ts";
import { TempDir } from "../../support/temp_dir.ts";

claim(
  "an upgrade on a full disk is rolled back, the same daemon serves on, and with room the next is committed",
  async () => {
    using dir = new TempDir();
    run("mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "tmpfs", dir.path);
    try {
      await using supervisor = await SupervisorProcess.serving(dir, peer(dir));
      const { pid } = await supervisor.ask();
      fill(dir.join("filler"));
      const { code, stderr } = await handoff(["upgrade", dir.path]);
      assertEquals([code, (await supervisor.ask()).pid], [1, pid]);
      assertStringIncludes(stderr, "No space left on device");
      Deno.removeSync(dir.join("filler"));
      assertEquals((await handoff(["upgrade", dir.path])).code, 0);
    } finally {
      run("umount", "--lazy", dir.path);
    }
  },
  { needs: ["linux", "root", "mount"] },
);

/** Writes until the disk takes nothing more. */
function fill(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  try {
    while (file.writeSync(new Uint8Array(4096)) > 0);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  }
}
