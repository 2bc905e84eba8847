import { assertEquals } from "@std/assert";
import { obstacleToHandoff } from "../../../handoff/daemon/alone.ts";
import { Child } from "../../support/child.ts";
import { claim } from "../../support/claim.ts";
import { TempDir } from "../../support/temp_dir.ts";

claim(
  "a daemon in a worker says that it is never replaced, serves and stops, and binds no control socket",
  async () => {
    using dir = new TempDir();
    await using program = new Child("../handoff/daemon/programs/in_worker.ts", { args: [dir.path] });
    assertEquals(await program.next(), { event: "alone", reason: "it runs in a worker" });
    const { listeners } = await program.next();
    assertEquals(await (await fetch(`http://${listeners.http}`)).text(), "hello");
    assertEquals(dir.entries(), [".handoff.lock", ".handoff.pidfile"]);
    await program.send("stop");
    assertEquals((await program.next()).event, "stopping");
    assertEquals(dir.entries(), [".handoff.lock"]);
    assertEquals((await program.end()).code, 0);
  },
);

claim("a daemon under --watch is never replaced", async () => {
  using dir = new TempDir();
  await using program = new Child("../handoff/daemon/programs/alone.ts", { args: [dir.path], flags: ["--watch"] });
  assertEquals((await program.next()).reason, 'it runs under "deno run --watch", which starts it anew by itself');
}, { needs: ["linux"] });

claim("a handoff is for Linux on x86_64 and aarch64", () => {
  assertEquals(
    obstacleToHandoff({ os: "darwin", arch: "aarch64" }),
    "a handoff needs Linux on x86_64 or aarch64, and this is darwin on aarch64",
  );
});
