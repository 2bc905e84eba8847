import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataDirLock } from "@scope/handoff";
import { fromFileUrl } from "@std/path";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { STICKY, worldWritableDir } from "../support/world_writable_dir.ts";
import { isFree } from "../support/foreign_holder.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("acquire() says whose a lockfile is that it may not open, and what to do", async () => {
  using dir = worldWritableDir();
  Deno.writeTextFileSync(dir.join(".handoff.lock"), "", { mode: 0o600 });
  await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
  const { message } = await contender.ask("acquire");
  assertStringIncludes(
    message,
    `"${dir.join(".handoff.lock")}" belongs to user 0, with mode 600. Have that user, or root`,
  );
}, { needs: ["root"] });

for (const leftover of [".handoff.pidfile", ".handoff.pidfile.tmp"]) {
  claim(`acquire() says whose a ${leftover} is that it may not replace in a sticky directory`, async () => {
    using dir = worldWritableDir(STICKY);
    Deno.writeTextFileSync(dir.join(leftover), "4242\n");
    await using contender = new Child("nobody_holder.ts", { args: [dir.path] });
    const { message } = await contender.ask("acquire");
    assertStringIncludes(message, `"${dir.join(leftover)}" belongs to user 0, with mode 644, and only its owner may`);
    assertEquals(isFree(dir.path), true);
  }, { needs: ["root"] });
}

for (const name of [".handoff.lock", ".handoff.pidfile"]) {
  claim(`acquire() says that another program has a lease on ${name}`, async () => {
    using dir = new TempDir();
    Deno.writeTextFileSync(dir.join(name), "4242\n");
    const program = fromFileUrl(new URL("../programs/lease.py", import.meta.url));
    const server = new Deno.Command("python3", { args: [program, dir.join(name)], stdin: "piped", stdout: "piped" })
      .spawn();
    await using _ended = { [Symbol.asyncDispose]: async () => void await server.output() };
    await using _closed = { [Symbol.asyncDispose]: () => server.stdin.close() };
    const reader = server.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    const error = await assertRejects(() => DataDirLock.acquire(dir.path), Error, "has a lease on it (F_SETLEASE)");
    assertStringIncludes(error.message, dir.join(name));
  }, { needs: ["linux", "python3"] });
}
