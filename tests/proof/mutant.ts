import { copy } from "@std/fs";
import { fromFileUrl } from "@std/path";

/** A piece of a file of the project, which is in it exactly once, and what stands there instead. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const PROJECT = fromFileUrl(new URL("../..", import.meta.url));

/**
 * Copies the module into `folder`, with what else of the project is named, and breaks it there; the path of an import
 * map, whose `@scope/handoff` it is.
 */
export async function makeMutant(
  edits: readonly Edit[],
  folder: string,
  others: readonly string[] = [],
): Promise<string> {
  for (const name of ["mod.ts", "lock", "ffi", "import_map.npm.json", ...others]) {
    await copy(`${PROJECT}${name}`, `${folder}/${name}`);
  }
  for (const { file, from, to } of edits) {
    const parts = Deno.readTextFileSync(`${folder}/${file}`).split(from);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, and not once: ${from}`);
    Deno.writeTextFileSync(`${folder}/${file}`, parts.join(to));
  }
  return `${folder}/import_map.npm.json`;
}
