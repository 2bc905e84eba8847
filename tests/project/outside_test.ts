import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { claim } from "../support/claim.ts";
import { TempDir } from "../support/temp_dir.ts";

const CLONE = fromFileUrl(new URL("../../", import.meta.url));
const README = Deno.readTextFileSync(`${CLONE}README.md`);
/** As the README has it. */
const COMMAND = "deno run --import-map=/path/to/clone/import_map.npm.json";

claim("the README says how a program elsewhere imports a clone", () => {
  assertStringIncludes(README, COMMAND);
});

claim("each file that the README links to is published", () => {
  const { publish } = JSON.parse(Deno.readTextFileSync(`${CLONE}deno.json`));
  const links = [...README.matchAll(/\]\((?!https:)([^)#]+)/g)].map(([, path]) => path);
  assertEquals(links.length > 0, true);
  const published = (path: string) =>
    publish.include.some((entry: string) => entry === path || entry.endsWith("/") && path.startsWith(entry));
  assertEquals(links.filter((path) => !published(path)), []);
});

for (const specifier of [`${CLONE}mod.ts`, "jsr:@scope/handoff"]) {
  const what = specifier.startsWith("/") ? "the path of mod.ts" : specifier;
  claim(`a program outside the repository that imports ${what} as the README says acquires a lock`, async () => {
    using dir = new TempDir();
    Deno.writeTextFileSync(
      dir.join("main.ts"),
      `import { DataDirLock } from "${specifier}";
       using lock = DataDirLock.acquireSync("data");
       console.log(lock.dataDir);`,
    );
    const [, ...args] = COMMAND.replace("/path/to/clone/", CLONE).split(" ");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, "--quiet", "-A", "main.ts"],
      cwd: dir.path,
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals({ code, out, err }, { code: 0, out: `${dir.join("data")}\n`, err: "" });
  });
}
