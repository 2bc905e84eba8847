import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { claim } from "../support/claim.ts";

const ROOT = new URL("../..", import.meta.url);

claim("deno.json and import_map.npm.json name the same @std packages", () => {
  assertEquals(packageNames("import_map.npm.json"), packageNames("deno.json"));
});

claim("each @std package of deno.json comes from JSR under its own name", () => {
  const strangers = stdPackages("deno.json").filter(([name, target]) => !target.startsWith(`jsr:${packageOf(name)}@`));
  assertEquals(strangers, []);
});

claim("each package of import_map.npm.json is pinned to one version", () => {
  const npm = Object.entries(imports("import_map.npm.json")).filter(([, target]) => target.startsWith("npm:"));
  assertEquals(npm.filter(([, target]) => !/@\d+\.\d+\.\d+(\/|$)/.test(target)), []);
});

claim("only ffi/libc.ts opens a library", () => {
  const openers = [...moduleGraph().keys()].filter((file) => /\bdlopen\b/.test(withoutComments(file)));
  assertEquals(openers, ["ffi/libc.ts"]);
});

claim("imports point from the faces to cli/ to handoff/ to lock/ to ffi/, and never back", () => {
  const upwards = edges().filter(([from, to]) => to in LEVELS && LEVELS[to] < LEVELS[from]);
  assertEquals(upwards, []);
});

claim("cli/ and handoff/ reach lock/ only through its doors", () => {
  const past = fileEdges().filter(([from, to]) =>
    ["cli/", "handoff/"].includes(folderOf(from)) && folderOf(to) === "lock/" && !DOORS.includes(to)
  );
  assertEquals(past, []);
});

claim("no file of the module imports itself through others", () => {
  const imports = Map.groupBy(fileEdges(), ([from]) => from);
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    else for (const [, to] of visited.has(file) ? [] : imports.get(file) ?? []) visit(to, [...path, file]);
    visited.add(file);
  };
  const visited = new Set<string>();
  for (const file of imports.keys()) visit(file, []);
  assertEquals(circles, []);
});

claim(
  "the files of the module import nothing but each other, Deno's node: modules, @std packages, srvx and prom-client",
  () => {
    const allowed = [...Object.keys(LEVELS), "node:", "@std/path", "@std/cli", "@std/toml", "srvx", "prom-client"];
    assertEquals(edges().filter(([, to]) => !allowed.includes(to)), []);
  },
);

claim("who only locks loads neither the handoff nor a dependency but @std/path", () => {
  const loaded = describe("mod.ts").modules.map(({ specifier }) => specifier).filter((specifier) =>
    !specifier.startsWith("node:") && !/\/(lock|ffi)\/|\/mod\.ts$|path/.test(specifier)
  );
  assertEquals(loaded, []);
});

/** The folders of the module from the top down; files in none are its public face. */
const LEVELS: Readonly<Record<string, number>> = { "": 0, "cli/": 1, "handoff/": 2, "lock/": 3, "ffi/": 4 };

/** What the rooms above may use of `lock/`. */
const DOORS = ["held_lock", "errors", "options", "inspect"].map((name) => `lock/${name}.ts`);

/** Each import of one file of the module by another. */
function fileEdges(): [from: string, to: string][] {
  return [...moduleGraph()].flatMap(([file, targets]) =>
    targets.filter((target) => target.startsWith(".")).map((target): [string, string] => [file, resolve(target, file)])
  );
}

/** Each import: from which folder, to which folder or package. */
function edges(): [from: string, to: string][] {
  return [...moduleGraph()].flatMap(([file, targets]) =>
    targets.map((target): [string, string] => [folderOf(file), placeOf(target, file)])
  );
}

/** The files that a user of the module gets, each with what it imports, as it names that. */
function moduleGraph(): Map<string, string[]> {
  const entries: string[] = Object.values(JSON.parse(read("deno.json")).exports);
  const graph = new Map<string, string[]>();
  for (const { modules } of entries.map(describe)) {
    for (const { specifier, dependencies = [] } of modules) {
      if (specifier.startsWith(ROOT.href)) graph.set(fileOf(specifier), dependencies.map(({ specifier }) => specifier));
    }
  }
  return graph;
}

interface Description {
  readonly modules: { readonly specifier: string; readonly dependencies?: { readonly specifier: string }[] }[];
}

/** What Deno itself finds when it follows the imports of a file. */
function describe(entry: string): Description {
  const args = ["info", "--json", "--import-map=import_map.npm.json", entry];
  const { stdout } = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stderr: "null" }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function placeOf(target: string, importer: string): string {
  if (target.startsWith(".")) return folderOf(resolve(target, importer));
  return target.startsWith("node:") ? "node:" : packageOf(target);
}

/** The file that a relative import leads to. */
function resolve(target: string, importer: string): string {
  return fileOf(new URL(target, new URL(importer, ROOT)).href);
}

/** `@std/cli/parse-args` → `@std/cli` */
function packageOf(target: string): string {
  return target.split("/").slice(0, 2).join("/");
}

/** The path of a module, from the project's root. */
function fileOf(specifier: string): string {
  return fromFileUrl(specifier).slice(fromFileUrl(ROOT).length);
}

function folderOf(file: string): string {
  return file.slice(0, file.indexOf("/") + 1);
}

function withoutComments(file: string): string {
  return read(file).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
}

function stdPackages(file: string): [name: string, target: string][] {
  const own = Object.entries(imports(file)).filter(([name]) => name.startsWith("@std/"));
  return own.sort(([a], [b]) => a < b ? -1 : 1);
}

/** The packages, each once: the npm map has to name every part of one that is imported by itself. */
function packageNames(file: string): string[] {
  return [...new Set(stdPackages(file).map(([name]) => packageOf(name)))];
}

function imports(file: string): Record<string, string> {
  return JSON.parse(read(file)).imports;
}

function read(file: string): string {
  return Deno.readTextFileSync(new URL(file, ROOT));
}
