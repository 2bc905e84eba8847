import { assertEquals, assertStringIncludes } from "@std/assert";
import { libcCandidates } from "../../ffi/libc_path.ts";
import { Child, type Report } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

claim("importing the module needs no permission at all", async () => {
  await using child = new Child("import_only.ts", { permissions: [] });
  assertEquals((await child.next()).event, "imported");
});

for (const what of ["acquire", "acquireSync", "break", "breakSync"]) {
  claim(`${what} works with no permission but for ffi and for the directory`, async () => {
    using dir = new TempDir();
    const permissions = ["--allow-ffi", ...forDirectory(dir.path)];
    await using child = new Child("holder.ts", { args: [dir.path], permissions });
    assertEquals((await child.ask(what)).event, "acquired");
    assertEquals((await child.ask("release")).released, true);
    assertEquals(dir.entries(), [".handoff.lock"]);
  });
}

claim("a directory that is yet to be made needs no permission for its parent", async () => {
  using dir = new TempDir();
  const permissions = ["--allow-ffi", ...forDirectory(dir.join("a/data"))];
  await using child = new Child("holder.ts", { args: [dir.join("a/data")], permissions });
  assertEquals((await child.ask("acquire")).event, "acquired");
});

claim("a relative path works with the permission for that relative path", async () => {
  using dir = new TempDir();
  const permissions = ["--allow-ffi", ...forDirectory("data")];
  await using child = new Child("holder.ts", { args: ["data"], permissions, cwd: dir.path });
  assertEquals((await child.ask("acquire")).event, "acquired");
});

claim("the holder is named without a permission for it", async () => {
  using dir = new TempDir();
  await using holder = new Child("holder.ts", { args: [dir.path] });
  assertEquals((await holder.ask("acquire")).event, "acquired");
  const permissions = ["--allow-ffi", ...forDirectory(dir.path)];
  await using contender = new Child("holder.ts", { args: [dir.path], permissions });
  assertEquals((await contender.ask("acquire")).holder, { pid: holder.pid, liveness: "alive", self: false });
});

const { os, arch } = Deno.build;
for (const libc of libcCandidates({ os, arch }).paths.filter(isFile)) {
  claim(`acquire() works with a permission for ${libc} alone`, async () => {
    using dir = new TempDir();
    const permissions = [`--allow-ffi=${libc}`, ...forDirectory(dir.path)];
    await using child = new Child("holder.ts", { args: [dir.path], permissions });
    assertEquals((await child.ask("acquire")).event, "acquired");
  });
}

claim("without the ffi permission the error names the directory and the flag", async () => {
  using dir = new TempDir();
  const refusal = await refusalWith([], dir);
  assertEquals(refusal.error, "NotCapable");
  assertStringIncludes(refusal.message, `Cannot lock "${dir.path}": `);
  assertEquals(flagsIn(refusal), ["--allow-ffi"]);
});

claim("without the permissions for the directory the error names it and both flags", async () => {
  using dir = new TempDir();
  const refusal = await refusalWith(["--allow-ffi"], dir);
  assertEquals(refusal.error, "NotCapable");
  assertStringIncludes(refusal.message, `"${dir.path}`);
  assertEquals(flagsIn(refusal), forDirectory(dir.path));
});

for (const [missing, given] of [["read", "write"], ["write", "read"]]) {
  claim(`without the ${missing} permission the error names the directory and that flag alone`, async () => {
    using dir = new TempDir();
    const refusal = await refusalWith(["--allow-ffi", `--allow-${given}=${dir.path}`], dir);
    assertEquals(refusal.error, "NotCapable");
    assertStringIncludes(refusal.message, `"${dir.path}`);
    assertEquals(flagsIn(refusal), [`--allow-${missing}=${dir.path}`]);
  });
}

claim("adding the flags that the errors name is all that it takes", async () => {
  using dir = new TempDir();
  const forFfi = flagsIn(await refusalWith([], dir));
  const forFiles = flagsIn(await refusalWith(forFfi, dir));
  const permissions = [...forFfi, ...forFiles];
  await using child = new Child("holder.ts", { args: [dir.path], permissions });
  assertEquals((await child.ask("acquire")).event, "acquired");
});

claim("the flags for a directory with blanks and quotes in its name are quoted for the shell", async () => {
  using dir = new TempDir();
  await using child = new Child("holder.ts", { args: [dir.join("it's mine")], permissions: ["--allow-ffi"] });
  const { message } = await child.ask("acquire");
  const quoted = `'${dir.path}/it'\\''s mine'`;
  assertStringIncludes(message, `Run with --allow-read=${quoted} --allow-write=${quoted}.`);
});

claim("the flags for a directory with a comma in its name are those that Deno can take", async () => {
  using dir = new TempDir();
  const permissions = ["--allow-ffi"];
  await using child = new Child("holder.ts", { args: [dir.join("a,b")], permissions });
  permissions.push(...flagsIn(await child.ask("acquire")));
  await using granted = new Child("holder.ts", { args: [dir.join("a,b")], permissions });
  assertEquals((await granted.ask("acquire")).event, "acquired");
});

claim("a refused permission leaves the directory as it was", async () => {
  using dir = new TempDir();
  await refusalWith([], dir);
  await refusalWith(["--allow-ffi", `--allow-read=${dir.path}`], dir);
  assertEquals(dir.entries(), []);
});

function forDirectory(path: string): string[] {
  return [`--allow-read=${path}`, `--allow-write=${path}`];
}

async function refusalWith(permissions: string[], dir: TempDir): Promise<Report> {
  await using child = new Child("holder.ts", { args: [dir.path], permissions });
  return await child.ask("acquire");
}

/** The flags of the last sentence: `Run with <flags>.` */
function flagsIn({ message }: Report): string[] {
  const [, flags] = /Run with (\S+(?: \S+)*)\.$/.exec(message) ?? [];
  return flags?.split(" ") ?? [];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
