import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { isPid } from "../ffi/kill.ts";
import { codeOf, fileError } from "./file_error.ts";
import type { Steps } from "./steps.ts";

/** The path of the pidfile of `dataDir`. */
export function pidfilePath(dataDir: string): string {
  return `${dataDir}/.handoff.pidfile`;
}

/**
 * Names this process in the pidfile, atomically and durably. Only the holder of the flock may call it: that is why one
 * fixed temporary name serves, and why whatever stands at that name is what a crash left.
 *
 * When it fails, the pidfile that stood before stands again.
 */
export function* publishPidfile(dataDir: string): Steps<void> {
  const path = pidfilePath(dataDir);
  using before = openRegularFile(path);
  try {
    yield* replacePidfile(path, new TextEncoder().encode(`${Deno.pid}\n`));
    try {
      yield* flushDirectory(dataDir);
    } catch (error) {
      yield* restorePidfile(path, before);
      throw error;
    }
  } catch (cause) {
    throw fileError("publish the pidfile", path, { cause, dataDir });
  }
}

/** Removes the pidfile if it names this process. Only the holder of the flock may call it. */
export function withdrawPidfile(dataDir: string): void {
  if (readPidfile(dataDir) !== Deno.pid) return;
  const path = pidfilePath(dataDir);
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return;
    throw fileError("remove the pidfile", path, { cause, dataDir });
  }
}

/** The pid that the pidfile names; undefined when it is missing, malformed or unreadable. */
export function readPidfile(dataDir: string): number | undefined {
  const text = readStart(pidfilePath(dataDir));
  if (!/^[1-9][0-9]*\n$/.test(text)) return undefined;
  const pid = Number(text);
  return isPid(pid) ? pid : undefined;
}

function* replacePidfile(path: string, content: Uint8Array): Steps<void> {
  const temporary = `${path}.tmp`;
  using file = createTemporary(temporary);
  try {
    writeAll(file, content);
    yield file;
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeIfPossible(temporary);
    throw error;
  }
}

/** `createNew` is O_EXCL: it never follows a symbolic link, and never reuses what somebody else has open. */
function createTemporary(path: string): Deno.FsFile {
  const options = { write: true, createNew: true, mode: 0o644 };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  Deno.removeSync(path);
  return Deno.openSync(path, options);
}

function writeAll(file: Deno.FsFile, content: Uint8Array): void {
  for (let written = 0; written < content.length;) {
    written += file.writeSync(content.subarray(written));
  }
}

/** Makes the rename survive a power loss: fsync(2), "also needed for the directory". */
function* flushDirectory(path: string): Steps<void> {
  using directory = Deno.openSync(path);
  yield directory;
}

/** After a rename that could not be made durable: what stood before stands again, as far as the disk allows. */
function* restorePidfile(
  path: string,
  before: OpenFile | undefined,
): Steps<void> {
  try {
    if (before === undefined) Deno.removeSync(path);
    else yield* replacePidfile(path, readFileSync(before.fd));
  } catch {
    // The failure that led here is the one to report.
  }
}

function removeIfPossible(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The failure that led here is the one to report, and the next acquire replaces a left-over.
  }
}

/** One byte more than the longest pidfile has, so that a longer one is seen to be malformed. */
const LONGEST_PIDFILE = "2147483647\n".length + 1;

function readStart(path: string): string {
  const bytes = new Uint8Array(LONGEST_PIDFILE);
  try {
    using file = openFile(path);
    return String.fromCharCode(...bytes.subarray(0, readSync(file.fd, bytes)));
  } catch {
    // Whatever cannot be read names nobody: the pidfile only explains what the flock has already decided.
    return "";
  }
}

interface OpenFile extends Disposable {
  readonly fd: number;
}

/** Opens for reading; follows no symbolic link, and waits for no writer of a FIFO. */
function openFile(path: string): OpenFile {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

function openRegularFile(path: string): OpenFile | undefined {
  if (!existsSync(path)) return undefined;
  try {
    using opened = new DisposableStack();
    const file = opened.use(openFile(path));
    if (!fstatSync(file.fd).isFile()) return undefined;
    opened.move();
    return file;
  } catch {
    return undefined;
  }
}
