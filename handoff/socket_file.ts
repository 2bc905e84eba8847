import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { dirname } from "@std/path";
import { PeerNotPermittedError } from "./channel_errors.ts";
import type { Os } from "./os.ts";
import { permittedPeer } from "./peer.ts";
import { CONNECT_MS } from "./timeouts.ts";
import {
  absolute,
  checkDirectory,
  checkWriters,
  codeOf,
  kindOf,
  reasonOf,
  SocketFileError,
  withShortPath,
} from "./socket_path.ts";

export { acceptPermitted, permittedPeer } from "./peer.ts";
export { checkPlainSocketPath, SocketFileError, SocketPathTooLongError } from "./socket_path.ts";

/** How a socket file is bound. */
export interface BindSocketFileOptions {
  /** Less the umask; 0600 by default. */
  readonly mode?: number;
  /** How many connections may wait to be accepted; 128 by default. */
  readonly backlog?: number;
}

/**
 * A listening socket at `path`, in the place of the one that was there: the path leads to a socket that listens at every
 * moment, and of this mode from the first. Only the holder of the lock that guards `path` may call it. A missing directory
 * is made; the path is never unlinked.
 *
 * Throws a {@linkcode SocketFileError}, with nothing changed, for what stands there and is not a socket, and for a
 * directory in which other users may write.
 */
export function bindSocketFile(os: Os, path: string, options: BindSocketFileOptions = {}): number {
  const { mode = 0o600, backlog = 128 } = options;
  const place = absolute(path);
  checkDirectory(os, place, path);
  for (let attempt = 1;; attempt++) {
    const fd = bindOnce(os, place, { path, mode, backlog });
    if (fd !== undefined) return fd;
    if (attempt === ATTEMPTS) throw new SocketFileError(path, "another process keeps replacing it");
  }
}

/**
 * Throws what {@linkcode bindSocketFile} would for this path, as far as it can be known, and makes nothing. A directory
 * that is missing is no fault.
 */
export function checkSocketFile(os: Os, path: string): void {
  const place = absolute(path);
  if (kindOf(dirname(place)) === undefined) return;
  checkWriters(os, place, path);
  for (const file of [place, temporaryOf(place)]) refuseAllButSockets(file);
  withShortPath(temporaryOf(place), () => {});
}

/**
 * Whether `path` still is the file that {@linkcode bindSocketFile} made in this process for the socket `fd`, and not one
 * that another process put there.
 */
export function leadsTo(_os: Os, path: string, fd: number): boolean {
  const expected = bound.get(fd);
  return expected !== undefined && identityOf(absolute(path)) === expected;
}

/** How a socket is reached. */
export interface ConnectSocketFileOptions {
  /** For a backlog that is full to take one more, in milliseconds; 5 s by default. */
  readonly timeout?: number | undefined;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Users whose sockets are trusted beside this process's own and root. */
  readonly extraUids?: readonly number[];
}

/**
 * A connection to the socket at `path`. Rejects with a {@linkcode SocketFileError}, whose `code` is `"ENOENT"` where
 * there is none, `"ECONNREFUSED"` where nobody listens and `"EWOULDBLOCK"` where the backlog stays full; and with a `PeerNotPermittedError` where another user does.
 * Root trusts the owner of the directory as well.
 */
export async function connectSocketFile(
  os: Os,
  path: string,
  { timeout = CONNECT_MS, signal, extraUids = [] }: ConnectSocketFileOptions = {},
): Promise<number> {
  const place = absolute(path);
  const end = performance.now() + timeout;
  // A caller in a loop must not keep timers and signals from running.
  await setImmediate();
  for (;;) {
    signal?.throwIfAborted();
    const fd = connectOnce(os, place, path, performance.now() < end);
    if (fd !== undefined) return permitted(os, fd, path, [...extraUids, ...ownerForRoot(os, place)]);
    await delay(FULL_POLL_MS, undefined, { signal });
  }
}

/** How often one process starts again when another replaces the same path at the same time. */
const ATTEMPTS = 16;

/** How often a backlog that is full is tried: nothing tells when it has room. */
const FULL_POLL_MS = 20;

/** The files that were made for sockets of this process, by descriptor. */
const bound = new Map<number, string>();

/** Undefined where another process was quicker. */
function bindOnce(
  os: Os,
  place: string,
  { path, mode, backlog }: { path: string; mode: number; backlog: number },
): number | undefined {
  const temporary = temporaryOf(place);
  for (const file of [place, temporary]) refuseAllButSockets(file);
  let fd: number | undefined;
  try {
    removeIfThere(temporary);
    fd = withShortPath(temporary, (short) => os.listenUnix(short, { mode, backlog }));
    const identity = identityOf(temporary);
    Deno.renameSync(temporary, place);
    if (identity !== undefined && identity === identityOf(place)) {
      bound.set(fd, identity);
      return fd;
    }
  } catch (error) {
    if (!["EADDRINUSE", "ENOENT"].includes(codeOf(error) ?? "")) {
      if (fd !== undefined) {
        os.close(fd);
        removeIfThere(temporary);
      }
      throw new SocketFileError(path, reasonOf(error), { cause: error });
    }
  }
  if (fd !== undefined) os.close(fd);
  return undefined;
}

function temporaryOf(place: string): string {
  return `${place}.tmp`;
}

function refuseAllButSockets(file: string): void {
  const kind = kindOf(file);
  if (kind !== undefined && kind !== "a socket") throw new SocketFileError(file, `${kind} is in its place`);
}

function removeIfThere(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * What distinguishes a file from all that were ever at its path. Deno's inode numbers are not exact beyond 2^53, and the
 * kernel uses them again; two sockets of the same age are not.
 */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino, mtime } = Deno.lstatSync(file);
    return [dev, ino, mtime?.getTime()].join(" ");
  } catch {
    return undefined;
  }
}

/** Undefined where the backlog is full and `patient`. */
function connectOnce(os: Os, place: string, path: string, patient: boolean): number | undefined {
  for (;;) {
    const found = identityOf(place);
    try {
      return withShortPath(place, (short) => os.connectUnix(short));
    } catch (error) {
      const code = codeOf(error);
      if (patient && code === "EWOULDBLOCK") return undefined;
      // Between the look at the path and the connection another socket came, and the one that was there was closed.
      if (code === "ECONNREFUSED" && identityOf(place) !== found) continue;
      const kind = kindOf(place);
      const reason = kind === undefined || kind === "a socket" ? reasonOf(error) : `it is ${kind}`;
      throw new SocketFileError(path, reason, { cause: error, doing: "connect to" });
    }
  }
}

function permitted(os: Os, fd: number, path: string, extraUids: readonly number[]): number {
  if (permittedPeer(os, fd, extraUids) !== undefined) return fd;
  const { uid } = os.peer(fd);
  os.close(fd);
  throw new PeerNotPermittedError(path, uid);
}

function ownerForRoot(os: Os, place: string): number[] {
  if (os.uid !== 0) return [];
  const { uid } = Deno.statSync(dirname(place));
  return uid === null ? [] : [uid];
}
