import { assertEquals } from "@std/assert";
import rules from "../../lint/house_rules.ts";
import { claim } from "../support/claim.ts";

const DLOPEN = "handoff/dlopen-in-one-file";
const LOCKFILE = "handoff/lockfile-stays";

/** The rules that `source` breaks where it stands at `path`. */
function broken(path: string, source: string): string[] {
  const project = new URL("../..", import.meta.url).pathname;
  return Deno.lint.runPlugin(rules, `${project}${path}`, source).map(({ id }) => id);
}

claim("the linter refuses Deno.dlopen outside ffi/libc.ts", () => {
  assertEquals(broken("lock/acquire.ts", `Deno.dlopen("libc.so.6", {});`), [DLOPEN]);
});

claim("the linter refuses Deno.dlopen by a computed name", () => {
  assertEquals(broken("lock/acquire.ts", `Deno["dlopen"]("libc.so.6", {});`), [DLOPEN]);
});

claim("the linter allows Deno.dlopen in ffi/libc.ts", () => {
  assertEquals(broken("ffi/libc.ts", `Deno.dlopen("libc.so.6", {});`), []);
});

for (const call of ["Deno.removeSync(lockfilePath(dir))", "unlinkSync(`${dir}/.handoff.lock`)"]) {
  claim(`the linter refuses ${call} in lock/`, () => {
    assertEquals(broken("lock/acquire.ts", call), [LOCKFILE]);
  });
}

claim("the linter refuses to rename over the lockfile in lock/", () => {
  assertEquals(broken("lock/acquire.ts", "Deno.renameSync(temporary, lockfilePath(dir))"), [LOCKFILE]);
});

claim("the linter allows tests to replace the lockfile", () => {
  assertEquals(broken("tests/swap_test.ts", "Deno.renameSync(other, lockfilePath(dir))"), []);
});

claim("the linter allows lock/ to remove other files", () => {
  assertEquals(broken("lock/pidfile.ts", "Deno.removeSync(pidfilePath(dir))"), []);
});

claim("no name is shared by three files, but for the public modules and READMEs", () => {
  const files = ROOMS.flatMap((room) => filesIn(new URL(`../../${room}/`, import.meta.url)));
  const counts = Map.groupBy(files.filter((name) => name !== "README.md"), (name) => name);
  assertEquals(counts.size > 100, true);
  assertEquals([...counts].filter(([, files]) => files.length > 2).map(([name]) => name), []);
});

const ROOMS = ["bench", "cli", "examples", "ffi", "handoff", "lint", "lock", "tests", "torture"];

/** The names of all files below a folder. */
function filesIn(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(new URL(`${name}/`, folder)) : [name]
  );
}
