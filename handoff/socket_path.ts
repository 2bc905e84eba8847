import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname, resolve } from "@std/path";
import { HandoffError, SyscallError } from "../lock/errors.ts";
import type { Os } from "./os.ts";

/** A socket file cannot be bound or reached. */
export class SocketFileError extends HandoffError {
  /** The path of the socket. */
  readonly path: string;
  /** The system's code, such as `"ENOENT"` or `"ECONNREFUSED"`, where there is one. */
  readonly code?: string | undefined;

  /** An error that says why. */
  constructor(
    path: string,
    reason: string,
    { cause, doing = "listen on" }: { readonly cause?: unknown; readonly doing?: "listen on" | "connect to" } = {},
  ) {
    super(`Cannot ${doing} ${JSON.stringify(path)}: ${reason}`, { cause });
    this.path = path;
    this.code = codeOf(cause);
  }
}

/** A path that does not fit into the kernel's structure, which a peer that is not of this module needs. */
export class SocketPathTooLongError extends HandoffError {
  readonly path: string;
  /** Its length in bytes. */
  readonly length: number;
  /** The longest that fits. */
  readonly max: number;

  /** An error for `path`. */
  constructor(path: string) {
    const length = byteLength(path);
    super(`The path of the socket ${JSON.stringify(path)} has ${length} bytes: at most ${MAX_PATH_BYTES} are allowed`);
    this.path = path;
    this.length = length;
    this.max = MAX_PATH_BYTES;
  }
}

/** The longest path that a Unix socket can have, in bytes. */
export const MAX_PATH_BYTES = 107;

/** Throws a {@linkcode SocketPathTooLongError} for a path that a Rust peer could not bind or connect to. */
export function checkPlainSocketPath(path: string): void {
  if (byteLength(path) > MAX_PATH_BYTES) throw new SocketPathTooLongError(path);
}

/** The absolute form of `path`; throws a {@linkcode SocketFileError} for one that names no file. */
export function absolute(path: string): string {
  if (path === "" || path.includes("\0") || path.endsWith("/")) {
    throw new SocketFileError(path, "it is not a file's path");
  }
  return resolve(path);
}

/** Calls `use` with a path of the same file that is short enough for the kernel. */
export function withShortPath<T>(path: string, use: (short: string) => T): T {
  if (byteLength(path) <= MAX_PATH_BYTES) return use(path);
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const short = `/proc/self/fd/${directory}/${basename(path)}`;
    if (byteLength(short) > MAX_PATH_BYTES) throw new SocketPathTooLongError(path);
    return use(short);
  } finally {
    closeSync(directory);
  }
}

/** What is at a path, with its article; undefined where nothing is. */
export function kindOf(path: string): string | undefined {
  try {
    const info = Deno.lstatSync(path);
    if (info.isSocket) return "a socket";
    if (info.isSymlink) return "a symbolic link";
    if (info.isDirectory) return "a directory";
    return info.isFile ? "a regular file" : "a special file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Why a call about a socket failed, in words. */
export function reasonOf(error: unknown): string {
  const known = REASONS[codeOf(error) ?? ""];
  if (known !== undefined) return known;
  return error instanceof SyscallError ? `${error.syscall} failed with ${error.code}` : (error as Error).message;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EADDRINUSE: "the address is in use by another process",
  EADDRNOTAVAIL: "this machine does not have the address",
  EAFNOSUPPORT: "this machine does not speak IPv6",
  ECONNREFUSED: "no process listens there",
  ENOENT: "there is no such file",
  EWOULDBLOCK: "its queue of connections is full",
};

/** The system's code of an error, such as `"ENOENT"`. */
export function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === "string") return code;
  return error instanceof Deno.errors.NotFound ? "ENOENT" : undefined;
}

/**
 * Makes the directory of `place` where it is missing. Throws where other users may write in it, who could put a socket
 * of theirs in the place of this one: also under the sticky bit, which lets them occupy the temporary name.
 */
export function checkDirectory(os: Os, place: string, path: string): void {
  try {
    Deno.mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SocketFileError(path, reasonOf(error), { cause: error });
  }
  checkWriters(os, place, path);
}

/** Throws where other users may write in the directory of `place`. */
export function checkWriters(os: Os, place: string, path: string): void {
  const directory = dirname(place);
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(directory);
  } catch (error) {
    throw new SocketFileError(path, reasonOf(error), { cause: error });
  }
  const writers = otherWriters(os, info);
  if (writers === undefined) return;
  throw new SocketFileError(path, `${writers} may write in ${JSON.stringify(directory)}. Use a directory of your own`);
}

function otherWriters({ uid: own }: Os, { mode, uid, gid }: Deno.FileInfo): string | undefined {
  const bits = mode ?? 0;
  if ((bits & 0o002) !== 0) return "every user";
  // Where each user has a group of the same number, directories are writable for it by default.
  if ((bits & 0o020) !== 0 && gid !== uid) return `the group ${gid}`;
  // Root may use anybody's directory.
  return uid !== own && uid !== 0 && own !== 0 ? `user ${uid}` : undefined;
}

function byteLength(path: string): number {
  return new TextEncoder().encode(path).length;
}
