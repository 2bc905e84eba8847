import { assertEquals } from "@std/assert";
import { Child } from "./child.ts";
import { claim } from "./claim.ts";
import { TempDir } from "./temp_dir.ts";

claim("acquire() is refused while another process holds the lock, and names that process", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path] });
  await using contender = new Child("holder.ts", { args: [dir.path] });
  assertEquals((await holder.ask("acquire")).event, "acquired");
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "LockHeldError");
  assertEquals(refusal.holder, { pid: holder.pid, liveness: "alive", self: false });
  await holder.ask("release");
  assertEquals((await contender.ask("acquire")).event, "acquired");
});
