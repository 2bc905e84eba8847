import { assertEquals } from "@std/assert";
import { Child, commandLine } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";
import { Terminal } from "../support/terminal.ts";

/** Says that it was loaded, as code that is not ours could do anything. */
const HOSTILE = `
#include <fcntl.h>
__attribute__((constructor)) static void loaded(void) { open("loaded", O_CREAT | O_WRONLY, 0600); }
`;

for (const flags of [["-A", "--deny-ffi=/x"], ["--allow-ffi=libc.so.6", "--allow-read", "--allow-write"]]) {
  claim(`a libc.so.6 of the working directory is not loaded with ${flags.join(" ")}`, async () => {
    using folder = await folderOfHostileLibc();
    await using child = new Child("holder.ts", { args: [folder.join("data")], cwd: folder.path, permissions: flags });
    await child.ask("acquire");
    assertEquals(folder.entries().filter((name) => name === "loaded"), []);
  }, { needs: ["linux", "cc"] });
}

claim("the lock works with -A --deny-ffi of some other library", async () => {
  using dir = new TempDir();
  await using child = new Child("holder.ts", { args: [dir.path], permissions: ["-A", "--deny-ffi=/x"] });
  assertEquals((await child.ask("acquire")).event, "acquired");
});

claim("one y at the permission prompt is enough, and loads nothing of the working directory", async () => {
  using folder = await folderOfHostileLibc();
  const permissions = ["--allow-read", "--allow-write"];
  const [deno, ...args] = commandLine("asking.ts", { args: [folder.join("data")], permissions });
  const command = ["env", `--chdir=${folder.path}`, deno, ...args.filter((arg) => arg !== "--no-prompt")];
  await using terminal = new Terminal(command, { noColor: true });
  await terminal.shows("Allow?");
  // Deno forgets what was typed before it listens, and nothing tells when that is.
  const typing = setInterval(() => terminal.type("y\n"), 200);
  const shown = await terminal.shows('"event":"acquired"').finally(() => clearInterval(typing));
  assertEquals(shown.match(/Deno requests \w+ access/g), ["Deno requests ffi access"]);
  assertEquals(folder.entries().filter((name) => name === "loaded"), []);
}, { needs: ["linux", "cc", "python3"] });

claim("HANDOFF_LIBC names a libc elsewhere, with the permission for that file alone", async () => {
  using dir = new TempDir();
  const libc = dir.join("my-libc.so");
  await new Deno.Command("cc", { args: ["-shared", "-Wl,--no-as-needed", "-o", libc, "-x", "c", "/dev/null", "-lc"] })
    .output();
  const permissions = [`--allow-ffi=${libc}`, "--allow-env=HANDOFF_LIBC", "--allow-read", "--allow-write"];
  const prefix = ["env", `HANDOFF_LIBC=${libc}`];
  await using child = new Child("holder.ts", { args: [dir.join("data")], permissions, prefix });
  assertEquals((await child.ask("acquire")).event, "acquired");
  await using without = new Child("holder.ts", { args: [dir.join("other")], permissions });
  assertEquals((await without.ask("acquire")).error, "NotCapable");
}, { needs: ["linux", "cc"] });

async function folderOfHostileLibc(): Promise<TempDir> {
  const folder = new TempDir();
  Deno.writeTextFileSync(folder.join("hostile.c"), HOSTILE);
  const args = ["-shared", "-fPIC", "-o", folder.join("libc.so.6"), folder.join("hostile.c")];
  const { success } = await new Deno.Command("cc", { args }).output();
  assertEquals(success, true);
  return folder;
}
