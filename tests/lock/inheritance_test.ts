import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { inTime } from "../support/patience.ts";
import { TempDir } from "../support/temp_dir.ts";

for (const api of ["Deno.Command", "node:child_process"]) {
  claim(`a child that the holder spawned with ${api} does not keep the lock when it outlives the holder`, async () => {
    using dir = new TempDir();
    await using holder = new Child("spawner.ts", { args: [dir.path, api] });
    assertEquals((await holder.next()).event, "spawned");
    await holder.killed();
    await using contender = new Child("holder.ts", { args: [dir.path] });
    assertEquals((await contender.ask("acquire")).event, "acquired");
    // The child echoes what the holder's pipes bring: it has outlived both the holder and the acquire.
    assertEquals(await inTime(holder.ask(`{"event":"echo"}`)), { event: "echo" });
  });
}
