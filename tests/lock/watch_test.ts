import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const unload of ["heard", "unheard"]) {
  claim(`a \`deno run --watch\` restart in the same process acquires again, the unload event ${unload}`, async () => {
    using dir = new TempDir();
    using sources = new TempDir();
    const source = sources.join("source.ts");
    Deno.writeTextFileSync(source, "");
    const flags = [`--watch=${source}`, "--no-clear-screen"];
    await using watched = new Child("watched.ts", { args: [dir.path, unload], flags });
    assertEquals((await watched.next()).event, "acquired");
    Deno.writeTextFileSync(source, "// changed");
    const restarted = await inTime(watched.next());
    assertEquals(restarted, { event: "acquired", pid: watched.pid });
  });
}
