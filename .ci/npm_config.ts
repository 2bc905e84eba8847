/** Prints the configuration of the package with the npm names of its imports, for machines that do not reach JSR. */
const config = JSON.parse(Deno.readTextFileSync("deno.json"));
const map = JSON.parse(Deno.readTextFileSync("import_map.npm.json"));
config.imports = Object.fromEntries(Object.keys(config.imports).map((name) => [name, map.imports[name]]));
// The rules are not part of what is published.
delete config.lint;
console.log(JSON.stringify(config, null, 2));
