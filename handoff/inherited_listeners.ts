import type { Os } from "./os.ts";

/** What `LISTEN_FDS` promised, and what was there. */
export interface InheritedListeners {
  /** The listening sockets by name; of a name that stands twice, the last. */
  readonly listeners: ReadonlyMap<string, number>;
  /** What is not a listening socket: it is not touched. */
  readonly refused: readonly { readonly name: string; readonly fd: number; readonly reason: string }[];
}

/** The first inherited descriptor (`SD_LISTEN_FDS_START`). */
const FIRST = 3;

/**
 * Takes the listening sockets among the descriptors from `first` on, one for each name, and keeps them from the children of this
 * process. The promise may be wrong: a descriptor that is something else may be the runtime's own.
 */
export function inheritListeners(os: Os, names: readonly string[], first = FIRST): InheritedListeners {
  const listeners = new Map<string, number>();
  const refused: { name: string; fd: number; reason: string }[] = [];
  for (const [i, name] of names.entries()) {
    const fd = first + i;
    const reason = whyNot(os, fd);
    if (reason !== undefined) {
      refused.push({ name, fd, reason });
      continue;
    }
    os.setCloseOnExec(fd, true);
    const earlier = listeners.get(name);
    if (earlier !== undefined) os.close(earlier);
    listeners.set(name, fd);
  }
  return { listeners, refused };
}

function whyNot(os: Os, fd: number): string | undefined {
  try {
    if (os.isListening(fd)) return undefined;
    return os.socketName(fd) === undefined ? "it is not a socket" : "it is a socket that does not listen";
  } catch {
    return "it is not open";
  }
}
