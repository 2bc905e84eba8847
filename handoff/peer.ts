import type { Os, Peer } from "./os.ts";

/**
 * Who is at the other end of a Unix socket, if it is a process of this process's user, of root or of one of `extraUids`;
 * undefined otherwise.
 */
export function permittedPeer(os: Os, fd: number, extraUids: readonly number[] = []): Peer | undefined {
  const peer = os.peer(fd);
  return [os.uid, 0, ...extraUids].includes(peer.uid) ? peer : undefined;
}

/** A connection with who made it. */
export interface AcceptedPeer {
  readonly fd: number;
  readonly peer: Peer;
}

/** The next connection of a permitted peer; those of others are closed. Undefined when none is waiting. */
export function acceptPermitted(os: Os, listener: number, extraUids: readonly number[] = []): AcceptedPeer | undefined {
  // A refused peer must not keep us here, either: the rest waits for the next call.
  for (let i = 0; i < MOST_DROPPED; i++) {
    const fd = os.accept(listener);
    if (fd === undefined) return undefined;
    const peer = peerOrNone(os, fd, extraUids);
    if (peer !== undefined) return { fd, peer };
    os.close(fd);
  }
}

const MOST_DROPPED = 64;

function peerOrNone(os: Os, fd: number, extraUids: readonly number[]): Peer | undefined {
  try {
    return permittedPeer(os, fd, extraUids);
  } catch {
    return undefined;
  }
}
