import { printableJson } from "../ffi/printable.ts";
import { constants } from "node:fs";
// By their own names: the whole of @std/path would add half again to the start of a small program.
import { fromFileUrl } from "@std/path/posix/from-file-url";
import { normalize } from "@std/path/posix/normalize";
import { fileSizeLimit } from "../ffi/file_size_limit.ts";
import { type Filesystem, filesystemOf } from "../ffi/filesystem.ts";
import type { Libc } from "../ffi/libc.ts";
import { OpenFile } from "./file.ts";
import { codeOf, fileError } from "./file_error.ts";
import type { Pause } from "./sync_or_async.ts";

/**
 * The absolute path of `dataDir`, independent of any later `Deno.chdir`.
 *
 * `a/link/..` is not always `a`: the kernel follows the link first, and so do the programs that share the directory
 * with us. A path with a `..` is therefore resolved by the kernel, for which the directory is created; all others are
 * kept as they are written, less superfluous slashes and dots, and symbolic links stay links.
 *
 * Throws `TypeError` for what would become another path on the way to the kernel: an empty path, a NUL byte, what is not
 * UTF-8, a URL in a string, a URL that is not `file:` or has more than a path.
 */
export function resolveDataDir(dataDir: string | URL): string {
  const path = absolutePath(dataDir);
  if (!hasParentSegment(path)) return path;
  createDataDir(path);
  try {
    return Deno.realPathSync(path);
  } catch (cause) {
    throw fileError("resolve", path, { cause, dataDir: path });
  }
}

/** The same, but creating nothing: a path with a `..` is resolved if it exists, and stays as it is otherwise. */
export function resolveExistingDataDir(dataDir: string | URL): string {
  const path = absolutePath(dataDir);
  if (!hasParentSegment(path)) return path;
  try {
    return Deno.realPathSync(path);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return path;
    throw fileError("resolve", path, { cause, dataDir: path, access: ["read"] });
  }
}

/** An open data directory. */
export class DataDir implements Disposable {
  readonly path: string;
  readonly filesystem: Filesystem;
  /** How long a file may be that this process writes, in bytes. */
  readonly fileSizeLimit: number;
  readonly #file: OpenFile;

  /** Opens the directory; creates it, and its parents, where they are missing. `filesystem` is that of a file in it. */
  constructor(libc: Pick<Libc, "fstatfs" | "getrlimit">, path: string, filesystem?: Filesystem) {
    this.path = path;
    this.fileSizeLimit = fileSizeLimit(libc);
    this.#file = openDirectory(path);
    this.filesystem = filesystem ?? filesystemOf(libc, this.#file.fd);
  }

  /** Makes what was renamed in the directory survive a power loss: fsync(2), "also needed for the directory". */
  flush(): Pause {
    return this.#file.flush(this.filesystem);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** It may be a symbolic link, which is followed. */
function openDirectory(path: string): OpenFile {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  try {
    return new OpenFile(path, flags);
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw fileError("open the data directory", path, { cause, dataDir: path });
  }
  createDataDir(path);
  try {
    return new OpenFile(path, flags);
  } catch (cause) {
    throw fileError("open the data directory", path, { cause, dataDir: path });
  }
}

function createDataDir(path: string): void {
  try {
    // Write permission on the directory allows its lockfile to be replaced: not for all users, even under umask 0.
    Deno.mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw fileError("create the data directory", path, { cause, dataDir: path });
  }
}

function absolutePath(dataDir: string | URL): string {
  const path = toPath(dataDir);
  if (path === "") throw new TypeError("The path of a data directory is empty");
  if (path.includes("\0")) {
    throw new TypeError(`The path of a data directory contains a NUL byte: ${printableJson(path)}`);
  }
  // Deno puts U+FFFD for each byte of an argument that it cannot read, and for half a surrogate pair.
  if (!path.isWellFormed() || path.includes("\uFFFD")) {
    throw new TypeError(`The path of a data directory is not UTF-8: ${printableJson(path)}. Rename it`);
  }
  const absolute = path.startsWith("/") ? path : `${workingDirectory(path)}/${path}`;
  return hasParentSegment(absolute) ? absolute : withoutLastSlash(normalize(absolute));
}

function toPath(dataDir: string | URL): string {
  if (dataDir instanceof URL) {
    if (dataDir.protocol === "file:") return fromUrl(dataDir);
    throw new TypeError(`The URL of a data directory is not a file: URL: ${dataDir}`);
  }
  if (typeof dataDir === "string") return requireNoUrl(dataDir);
  throw new TypeError(`The path of a data directory is neither a string nor a URL: ${String(dataDir)}`);
}

function requireNoUrl(path: string): string {
  if (!/^(?:file:|[a-z][a-z0-9+.-]*:\/\/)/i.test(path)) return path;
  throw new TypeError(
    `The path of a data directory is a URL in a string: ${printableJson(path)}. Pass new URL(...), or put ./ before ` +
      "the name of a directory that is really called so",
  );
}

/** `fromFileUrl` takes the path alone, and turns `%2F` into a slash: each would silently be another directory. */
function fromUrl(dataDir: URL): string {
  const { host, search, hash, pathname } = dataDir;
  const surplus = host || search || hash || /%2f/i.exec(pathname)?.[0];
  if (surplus) {
    throw new TypeError(`The URL of a data directory is no path, because of ${printableJson(surplus)}: ${dataDir}`);
  }
  try {
    return fromFileUrl(dataDir);
  } catch (cause) {
    throw new TypeError(`The URL of a data directory is not a path: ${dataDir}`, { cause });
  }
}

function workingDirectory(path: string): string {
  try {
    return Deno.cwd();
  } catch (cause) {
    throw fileError("resolve", path, { cause, dataDir: path });
  }
}

function hasParentSegment(path: string): boolean {
  return path.split("/").includes("..");
}

function withoutLastSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
