import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, unlink } from "node:fs/promises";
import { basename, dirname } from "@std/path";
import { HandoffError } from "../lock/errors.ts";
import { decodeJournal, encodeJournal, type Journal } from "./protocol/journal.ts";

/** What {@linkcode JournalFileError} carries beside its message. */
export interface JournalFileErrorFields {
  readonly path: string;
  /** What could not be done; `"corrupt"`: it was read, and says nothing that makes sense. */
  readonly kind: "read" | "corrupt" | "write" | "remove";
  readonly cause: unknown;
}

/** The journal cannot be used. It only says what was interrupted: no handoff depends on it. */
export class JournalFileError extends HandoffError {
  readonly path: string;
  /** What could not be done; `"corrupt"`: it was read, and says nothing that makes sense. */
  readonly kind: JournalFileErrorFields["kind"];
  /** The system's code, such as `"ENOSPC"`, where there is one. */
  readonly code?: string | undefined;

  /** An error for what `cause` made impossible. */
  constructor({ path, kind, cause }: JournalFileErrorFields) {
    const doing = kind === "corrupt" ? "read" : kind;
    super(`Cannot ${doing} the journal ${JSON.stringify(path)}: ${(cause as Error).message}`, { cause });
    this.path = path;
    this.kind = kind;
    if (kind !== "corrupt") this.code = (cause as { code?: string }).code;
  }
}

/**
 * What the journal says; undefined where there is none. Rejects with a {@linkcode JournalFileError} where it cannot be
 * read, is not a regular file, or is corrupt; it is left as it is.
 */
export async function readJournal(path: string): Promise<Journal | undefined> {
  const bytes = await orFail({ path, kind: "read" }, () => unlessMissing(() => readWhole(path)));
  return bytes && await orFail({ path, kind: "corrupt" }, () => decodeJournal(bytes));
}

/**
 * Replaces the journal at once and for good: when this resolves, `journal` is what is read after a crash of the machine.
 * Rejects with a {@linkcode JournalFileError}, the journal being what it was.
 */
export async function writeJournal(path: string, journal: Journal): Promise<void> {
  const temporary = temporaryPath(path);
  await orFail({ path, kind: "write" }, async () => {
    const bytes = encodeJournal(journal);
    await mkdir(dirname(path), { recursive: true });
    await using file = await open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      await writeWhole(file, bytes);
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await flushDirectory(path);
  });
}

/** Removes the journal for good; nothing happens where there is none. Rejects with a {@linkcode JournalFileError}. */
export async function clearJournal(path: string): Promise<void> {
  await orFail({ path, kind: "remove" }, async () => {
    await unlessMissing(async () => {
      await unlink(path);
      await flushDirectory(path);
    });
  });
}

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/** No journal is longer; its longest has 41 bytes. */
const MOST_BYTES = 4096;

/** Where the Rust crate writes first: the path, what follows its last dot replaced by `bin.tmp`. */
function temporaryPath(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return `${path.slice(0, path.length - name.length)}${dot > 0 ? name.slice(0, dot) : name}.bin.tmp`;
}

async function readWhole(path: string): Promise<Uint8Array> {
  // Without O_NONBLOCK a FIFO in its place would hold a thread for ever.
  await using file = await open(path, O_RDONLY | O_NONBLOCK);
  const stat = await file.stat();
  if (!stat.isFile()) throw new HandoffError("it is not a regular file");
  if (stat.size > MOST_BYTES) throw new HandoffError(`it has ${stat.size} bytes, too many for a journal`);
  const bytes = new Uint8Array(MOST_BYTES);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  // One that a crash left behind may have another mode.
  await file.chmod(0o600);
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written, bytes.length - written, written)).bytesWritten;
  }
  await file.sync();
}

async function flushDirectory(path: string): Promise<void> {
  await using directory = await open(dirname(path), O_RDONLY | O_DIRECTORY);
  await directory.sync();
}

async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

async function orFail<T>(fields: Omit<JournalFileErrorFields, "cause">, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new JournalFileError({ ...fields, cause });
  }
}
