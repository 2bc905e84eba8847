import { fromFileUrl, isAbsolute, normalize } from "@std/path";
import { fileError } from "./file_error.ts";

/**
 * The absolute path of `dataDir`, independent of any later `Deno.chdir`.
 *
 * `a/link/..` is not always `a`: the kernel follows the link first, and so do the programs that share the directory
 * with us. A path with a `..` is therefore resolved by the kernel, for which the directory is created; all others are
 * kept as they are written, less superfluous slashes and dots, and symbolic links stay links.
 *
 * Throws `TypeError` for an empty path, a NUL byte and a URL that is not `file:`.
 */
export function resolveDataDir(dataDir: string | URL): string {
  const path = toPath(dataDir);
  if (path === "") throw new TypeError("The path of a data directory is empty");
  if (path.includes("\0")) {
    throw new TypeError(
      `The path of a data directory has a NUL byte: ${JSON.stringify(path)}`,
    );
  }
  const absolute = isAbsolute(path) ? path : `${workingDirectory(path)}/${path}`;
  if (!absolute.split("/").includes("..")) return withoutLastSlash(absolute);
  createDataDir(absolute);
  try {
    return Deno.realPathSync(absolute);
  } catch (cause) {
    throw fileError("resolve", absolute, { cause, dataDir: absolute });
  }
}

/** Creates the data directory and its parents, as far as they are missing. */
export function createDataDir(dataDir: string): void {
  try {
    Deno.mkdirSync(dataDir, { recursive: true });
  } catch (cause) {
    throw fileError("create the data directory", dataDir, { cause, dataDir });
  }
}

function toPath(dataDir: string | URL): string {
  if (dataDir instanceof URL) {
    if (dataDir.protocol === "file:") return fromFileUrl(dataDir);
    throw new TypeError(`The URL of a data directory is not file: ${dataDir}`);
  }
  if (typeof dataDir === "string") return dataDir;
  throw new TypeError(
    `The path of a data directory is neither a string nor a URL: ${dataDir}`,
  );
}

function workingDirectory(path: string): string {
  try {
    return Deno.cwd();
  } catch (cause) {
    throw fileError("resolve", path, { cause, dataDir: path });
  }
}

function withoutLastSlash(absolute: string): string {
  const path = normalize(absolute);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
