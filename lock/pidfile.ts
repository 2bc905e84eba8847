import { constants, existsSync, readFileSync, readSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { HandoffError } from "../ffi/errors.ts";
import { isPid } from "../ffi/kill.ts";
import type { DataDir } from "./data_dir.ts";
import { inodeInPlace, OpenFile, sameInode } from "./file.ts";
import { codeOf, fileError } from "./file_error.ts";
import type { Steps } from "./sync_or_async.ts";

/** The path of the pidfile of `dataDir`. */
export function pidfilePath(dataDir: string): string {
  return `${dataDir}/.handoff.pidfile`;
}

/**
 * Names this process in the pidfile, atomically and durably. Only the holder of the flock may call it: that is why one
 * fixed temporary name serves, and why whatever stands at that name is what a crash left. `requireHeld` throws
 * `LockLostError` where the path no longer leads to what is locked: it is called right before the rename and after the
 * last flush.
 *
 * When it fails, the pidfile that stood before stands again; what belongs to another holder is left alone.
 */
export function* publishPidfile(directory: DataDir, requireHeld: () => void): Steps<void> {
  const path = pidfilePath(directory.path);
  try {
    using before = openRegularFile(path);
    using ours = yield* replacePidfile(directory, new TextEncoder().encode(`${Deno.pid}\n`), requireHeld);
    try {
      yield directory.flush();
      requireHeld();
    } catch (error) {
      yield* restorePidfile(directory, { before, ours, requireHeld });
      throw error;
    }
  } catch (cause) {
    if (cause instanceof HandoffError) throw cause;
    throw fileError("publish the pidfile", path, { cause, dataDir: directory.path });
  }
}

/** Removes the pidfile if it names this process. Only the holder of the flock may call it. */
export function withdrawPidfile(dataDir: string): void {
  const path = pidfilePath(dataDir);
  try {
    if (parse(readStart(path)) === Deno.pid) unlinkSync(path);
  } catch (cause) {
    if (NOT_PUBLISHED_BY_US.has(codeOf(cause))) return;
    throw fileError("remove the pidfile", path, { cause, dataDir });
  }
}

/** What reading says of a missing file, a symbolic link, a directory, a socket, a FIFO: we published a regular file. */
const NOT_PUBLISHED_BY_US: ReadonlySet<string | undefined> = new Set(["ENOENT", "ELOOP", "EISDIR", "ENXIO", "ESPIPE"]);

/** What a pidfile says: the process that it names, or that it names none. */
export type Pidfile =
  | { readonly state: "present"; readonly pid: number }
  | { readonly state: "missing" | "malformed" | "unreadable"; readonly pid?: undefined };

/** Reads the pidfile. One that cannot be read, or is no regular file, is as good as malformed: it decides nothing. */
export function readPidfile(dataDir: string): Pidfile {
  try {
    const pid = parse(readStart(pidfilePath(dataDir)));
    return pid === undefined ? { state: "malformed" } : { state: "present", pid };
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return { state: "missing" };
    return { state: NOT_PUBLISHED_BY_US.has(code) ? "malformed" : "unreadable" };
  }
}

/** As the Rust crate does, which trims white space; but signs and leading zeros name no process. */
function parse(text: string): number | undefined {
  if (text.length === LONGEST_PIDFILE) return undefined;
  const [, digits] = /^[\t-\r ]*([1-9][0-9]*)[\t-\r ]*$/.exec(text) ?? [];
  const pid = Number(digits);
  return isPid(pid) ? pid : undefined;
}

/** The new pidfile, open. */
function* replacePidfile(directory: DataDir, content: Uint8Array, requireHeld: () => void): Steps<OpenFile> {
  const path = pidfilePath(directory.path);
  const temporary = `${path}.tmp`;
  requireFileSize(directory, content.length);
  using opened = new DisposableStack();
  const file = opened.use(createTemporary(temporary));
  try {
    for (let written = 0; written < content.length;) {
      written += writeSync(file.fd, content, written);
    }
    yield file.flush(directory.filesystem);
    requireHeld();
    renameSync(temporary, path);
    opened.move();
    return file;
  } catch (error) {
    unlinkOurs(temporary, file);
    throw error;
  }
}

/** A write beyond the limit would end the process, by SIGXFSZ. */
function requireFileSize({ fileSizeLimit }: DataDir, bytes: number): void {
  if (bytes <= fileSizeLimit) return;
  const message = `EFBIG: file too large, this process may write files of up to ${fileSizeLimit} bytes (RLIMIT_FSIZE)`;
  throw Object.assign(new Error(message), { code: "EFBIG" });
}

function createTemporary(path: string): OpenFile {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return OpenFile.inPlace(path, flags);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  Deno.removeSync(path);
  return OpenFile.inPlace(path, flags);
}

/** What a publication that failed after its rename is undone by. */
interface Restoration {
  readonly before: OpenFile | undefined;
  readonly ours: OpenFile;
  requireHeld(): void;
}

/**
 * After a rename that could not be made durable: what stood before stands again, as far as the disk allows. Where the
 * lock is lost, another may have named itself since: then only our own file goes.
 */
function* restorePidfile(directory: DataDir, { before, ours, requireHeld }: Restoration): Steps<void> {
  try {
    if (before === undefined) return unlinkOurs(pidfilePath(directory.path), ours);
    using _restored = yield* replacePidfile(directory, readFileSync(before.fd), requireHeld);
  } catch {
    // The failure that led here is the one to report.
    unlinkOurs(pidfilePath(directory.path), ours);
  }
}

/** Removes `file` where it is still at `path`, and nothing else. */
function unlinkOurs(path: string, file: OpenFile): void {
  try {
    if (sameInode(inodeInPlace(path), file.stat)) unlinkSync(path);
  } catch {
    // The failure that led here is the one to report, and the next acquire replaces a left-over.
  }
}

/** Longer than any pidfile with some white space; one that fills it is malformed. */
const LONGEST_PIDFILE = 64;

function readStart(path: string): string {
  const bytes = new Uint8Array(LONGEST_PIDFILE);
  using file = OpenFile.inPlace(path, constants.O_RDONLY);
  // By pread(2), which a FIFO refuses: what was written to it names no process, and is left for its reader.
  return String.fromCharCode(...bytes.subarray(0, readSync(file.fd, bytes, 0, bytes.length, 0)));
}

/** The file at `path`; undefined when there is none, or none that could be restored. */
function openRegularFile(path: string): OpenFile | undefined {
  if (!existsSync(path)) return undefined;
  using opened = new DisposableStack();
  try {
    const file = opened.use(OpenFile.inPlace(path, constants.O_RDONLY));
    if (!file.stat.isFile()) return undefined;
    opened.move();
    return file;
  } catch (error) {
    if (NOT_RESTORABLE.has(codeOf(error))) return undefined;
    throw error;
  }
}

/** It is gone, or a symbolic link, or a socket, or not ours to read. */
const NOT_RESTORABLE: ReadonlySet<string | undefined> = new Set(["ENOENT", "ELOOP", "ENXIO", "EACCES", "EPERM"]);
