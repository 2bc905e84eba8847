import { HandoffError } from "../lock/errors.ts";
import type { Os, Peer } from "./os.ts";

/** A socket file cannot be bound or reached. */
export class SocketFileError extends HandoffError {
  readonly path: string;
  /** The system's code, such as `"ENOENT"` or `"ECONNREFUSED"`, where there is one. */
  readonly code?: string;

  constructor(message: string, { path, code, cause }: { path: string; code?: string; cause?: unknown }) {
    super(message, { cause });
    this.path = path;
    this.code = code;
  }
}

/** A path that a Rust peer cannot bind or connect to, since it does not fit into `sun_path`. */
export class SocketPathTooLongError extends HandoffError {}

export interface BindSocketFileOptions {
  /** 0600 by default. */
  readonly mode?: number;
  readonly backlog?: number;
}

export function bindSocketFile(_os: Os, _path: string, _options: BindSocketFileOptions = {}): number {
  throw new Error("to come");
}

export interface ConnectSocketFileOptions {
  /** For a full backlog, in milliseconds; 5 s by default. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Users whose sockets are trusted beside this process's own and root. */
  readonly extraUids?: readonly number[];
}

/** Throws SocketFileError (code ENOENT, ECONNREFUSED, …) or PeerNotPermittedError. */
export function connectSocketFile(_os: Os, _path: string, _options: ConnectSocketFileOptions = {}): Promise<number> {
  throw new Error("to come");
}

/** Whether `path` still is the file that `bindSocketFile` made for the socket `fd` of this process. */
export function leadsTo(_os: Os, _path: string, _fd: number): boolean {
  throw new Error("to come");
}

/** Who is at the other end, if it is a process of this user, of root or of one of `extraUids`; undefined otherwise. */
export function permittedPeer(_os: Os, _fd: number, _extraUids: readonly number[] = []): Peer | undefined {
  throw new Error("to come");
}

/** The next connection of a permitted peer; others are closed. Undefined when none is waiting. */
export function acceptPermitted(
  _os: Os,
  _listener: number,
  _extraUids: readonly number[] = [],
): { readonly fd: number; readonly peer: Peer } | undefined {
  throw new Error("to come");
}

/** Throws SocketPathTooLongError where the path has more than 107 bytes. */
export function checkPlainSocketPath(_path: string): void {
  throw new Error("to come");
}
