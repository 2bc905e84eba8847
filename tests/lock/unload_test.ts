import { assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { isFree } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";

const STILL_HELD = { event: "late", free: false, names: [".handoff.lock"] };

claim("what still writes while the program ends has the lock, and the pidfile is gone", async () => {
  using dir = new TempDir();
  await using writer = new Child("late_writer.ts", { args: [dir.path] });
  await writer.next();
  assertEquals(await writer.ask("exit"), STILL_HELD);
  await writer.status;
  assertEquals([isFree(dir.path), dir.entries()], [true, [".handoff.lock"]]);
});

claim("an unload event that anybody dispatches leaves the lock held", async () => {
  using dir = new TempDir();
  await using writer = new Child("late_writer.ts", { args: [dir.path] });
  await writer.next();
  assertEquals(await writer.ask("dispatch"), STILL_HELD);
  assertEquals(isFree(dir.path), false);
});
