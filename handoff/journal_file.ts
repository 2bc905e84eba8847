import { HandoffError } from "../lock/errors.ts";
import type { Journal } from "./protocol/journal.ts";

/** The journal cannot be read or written. */
export class JournalFileError extends HandoffError {
  readonly path: string;
  /** `"corrupt"`: it was read, and says nothing that makes sense. */
  readonly kind: "read" | "corrupt" | "write" | "remove";
  /** The system's code, such as `"ENOSPC"`. */
  readonly code?: string;

  constructor(
    message: string,
    { path, kind, code, cause }: { path: string; kind: JournalFileError["kind"]; code?: string; cause: unknown },
  ) {
    super(message, { cause });
    this.path = path;
    this.kind = kind;
    this.code = code;
  }
}

/** Undefined where there is none. */
export function readJournal(_path: string): Promise<Journal | undefined> {
  throw new Error("to come");
}

/** Durable when it resolves. */
export function writeJournal(_path: string, _journal: Journal): Promise<void> {
  throw new Error("to come");
}

/** Removes it; nothing happens where there is none. */
export function clearJournal(_path: string): Promise<void> {
  throw new Error("to come");
}
