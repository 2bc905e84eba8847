import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, toFileUrl } from "@std/path";
import { DataDirLock, LockHeldError } from "@scope/handoff";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

const LOCKED = [".handoff.lock", ".handoff.pidfile"];

/** Names that a careless program takes for something else. */
const NAMES: Readonly<Record<string, string>> = {
  "blanks": " a  b ",
  "a newline": "a\nb",
  "letters beyond ASCII": "données 数据 🗄",
  "quotes": `a'b"c`,
  "a backslash": "a\\b",
  "a percent sign": "100%41",
  "a question mark and a hash": "a?b#c",
  "a leading dash": "-rf",
  "a leading tilde": "~",
  "a colon and a comma": "C:,",
  "an asterisk": "*",
  "two dots within": "a..b",
  "three dots": "...",
};

for (const [what, name] of Object.entries(NAMES)) {
  claim(`acquire() locks the very directory whose name has ${what}`, async () => {
    using dir = new TempDir();
    using lock = await DataDirLock.acquire(dir.join(name));
    assertEquals(lock.dataDir, dir.join(name));
    assertEquals(dir.entries(), [name]);
    assertEquals(dir.entries(dir.join(name)), LOCKED);
  });

  claim(`acquire() locks the very directory that a file: URL names, with ${what}`, async () => {
    using dir = new TempDir();
    using lock = await DataDirLock.acquire(toFileUrl(dir.join(name)));
    assertEquals(lock.dataDir, dir.join(name));
    assertEquals(dir.entries(dir.join(name)), LOCKED);
  });
}

claim("dataDir has no superfluous slash or dot", async () => {
  using dir = new TempDir();
  using lock = await DataDirLock.acquire(`${dir.path}//./data/.//`);
  assertEquals(lock.dataDir, dir.join("data"));
});

claim("a path with .. leads where the kernel goes", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("a"));
  using lock = await DataDirLock.acquire(`${dir.path}/a/../data`);
  assertEquals(lock.dataDir, `${Deno.realPathSync(dir.path)}/data`);
  assertEquals(dir.entries(dir.join("data")), LOCKED);
});

claim("a path with .. behind a symbolic link leads where the kernel goes, not where the text would", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("there/sub"), { recursive: true });
  Deno.symlinkSync(dir.join("there/sub"), dir.join("link"));
  using lock = await DataDirLock.acquire(`${dir.path}/link/../data`);
  assertEquals(lock.dataDir, `${Deno.realPathSync(dir.path)}/there/data`);
  assertEquals(dir.entries(dir.join("there/data")), LOCKED);
  assertEquals(dir.entries(), ["link", "there"]);
});

claim("a symbolic link to a locked directory is locked too", async () => {
  using dir = new TempDir();
  using _lock = await DataDirLock.acquire(dir.join("data"));
  Deno.symlinkSync(dir.join("data"), dir.join("alias"));
  const error = await assertRejects(() => DataDirLock.acquire(dir.join("alias")), LockHeldError);
  assertEquals(error.holder, { pid: Deno.pid, liveness: "alive", self: true });
  assertEquals(error.dataDir, dir.join("alias"));
});

claim("a directory locked through a symbolic link is locked under its own name", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("data"));
  Deno.symlinkSync(dir.join("data"), dir.join("alias"));
  using _lock = await DataDirLock.acquire(dir.join("alias"));
  await assertRejects(() => DataDirLock.acquire(dir.join("data")), LockHeldError);
  assertEquals(dir.entries(dir.join("data")), LOCKED);
});

claim("a relative path stays what it was when the process goes elsewhere", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("elsewhere/data"), { recursive: true });
  await using holder = new Child("chdir_holder.ts", { args: ["data", dir.join("elsewhere")], cwd: dir.path });
  const { dataDir } = await holder.next();
  Deno.writeTextFileSync(dir.join("elsewhere/data/.handoff.pidfile"), `${holder.pid}\n`);
  assertEquals((await holder.ask("go")).dataDir, dataDir);
  assertEquals(dataDir, `${Deno.realPathSync(dir.path)}/data`);
  assertEquals(dir.entries(dir.join("data")), [".handoff.lock"]);
  assertEquals(dir.entries(dir.join("elsewhere/data")), [".handoff.pidfile"]);
});

claim("a relative path in a working directory that was removed fails, and names the path", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(dir.join("gone"));
  await using contender = new Child("holder.ts", { args: ["data"], cwd: dir.join("gone") });
  await contender.ask("releaseSync");
  Deno.removeSync(dir.join("gone"));
  const refusal = await contender.ask("acquire");
  assertEquals(refusal.error, "NotFound");
  assertStringIncludes(refusal.message, 'Cannot resolve "data": ');
  assertEquals(dir.entries(), []);
});

/** What is no path; `dir` is where it would lead. */
const NO_PATHS: Readonly<Record<string, (dir: string) => unknown>> = {
  "an empty path": () => "",
  "a NUL byte": (dir) => `${dir}/a\0b`,
  "a NUL byte in a URL": (dir) => new URL(`file://${dir}/a%00b`),
  "a URL that is not UTF-8": (dir) => new URL(`file://${dir}/%FF`),
  "a URL that is not file:": (dir) => new URL(`https://example.com${dir}/data`),
  "a number": () => 0,
  "undefined": () => undefined,
};

for (const [what, input] of Object.entries(NO_PATHS)) {
  claim(`acquire() rejects ${what} with a TypeError and touches nothing`, async () => {
    using dir = new TempDir();
    await assertRejects(() => DataDirLock.acquire(input(dir.path) as string), TypeError, "a data directory");
    assertEquals(dir.entries(), []);
  });

  claim(`acquireSync() refuses ${what} with a TypeError and touches nothing`, () => {
    using dir = new TempDir();
    assertThrows(() => DataDirLock.acquireSync(input(dir.path) as string), TypeError, "a data directory");
    assertEquals(dir.entries(), []);
  });
}

/** What would become another path on the way to the kernel. */
const CHANGED_ON_THE_WAY: Readonly<Record<string, (dir: TempDir) => string | URL>> = {
  "what Deno makes of bytes that are not UTF-8": (dir) => dir.join("caf\uFFFD"),
  "half a surrogate pair": (dir) => dir.join("caf\uD800"),
  "a file: URL in a string": (dir) => `file://${dir.path}`,
  "a file: URL in a string, in capitals": (dir) => `FILE:${dir.path}`,
  "another URL in a string": () => "http://example.com/data",
  "a URL of another host": (dir) => new URL(`file://host${dir.path}`),
  "a URL with a query": (dir) => new URL(`file://${dir.path}/a?b`),
  "a URL with a fragment": (dir) => new URL(`file://${dir.path}/a#b`),
  "a URL with an escaped slash": (dir) => new URL(`file://${dir.path}/a%2Fb`),
};

for (const [what, pathIn] of Object.entries(CHANGED_ON_THE_WAY)) {
  claim(`${what} is refused as a path by every form, and nothing is touched`, async () => {
    using dir = new TempDir();
    await using child = new Child("refused_paths.ts", { args: [], cwd: dir.path });
    const path = pathIn(dir);
    const forms = await child.ask(JSON.stringify(path instanceof URL ? { url: path.href } : { path }));
    assertEquals(forms.errors, { acquire: "TypeError", acquireSync: "TypeError", inspect: "TypeError" });
    assertEquals(dir.entries(), []);
  });
}

claim("run on a directory whose name is not UTF-8 exits with 2, and creates nothing", async () => {
  using dir = new TempDir();
  const script =
    `d="$1/$(printf 'caf\\351')"; mkdir "$d" && exec "$2" run -A --config="$3" --import-map="$4" "$5" run "$d" -- true`;
  const root = fromFileUrl(new URL("../../", import.meta.url));
  const args = ["-c", script, "sh", dir.path, Deno.execPath(), `${root}deno.json`, `${root}import_map.npm.json`];
  const { code, stderr } = await new Deno.Command("sh", { args: [...args, `${root}cli.ts`] }).output();
  assertEquals([code, [...Deno.readDirSync(dir.path)].length], [2, 1]);
  assertStringIncludes(new TextDecoder().decode(stderr), "is not UTF-8");
}, { needs: ["linux"] });
