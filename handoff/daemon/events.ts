import type { UnfinishedRequest } from "./service.ts";

/**
 * In what role the state is opened: by a process that starts alone, by a successor whose turn has come, or by an
 * incumbent after a handoff that was rolled back.
 */
export type OpenRole = "cold-start" | "successor" | "resumed";

/** What happens in the life of a daemon. Durations are in milliseconds. */
export type DaemonEvent =
  /** There will be no handoff, for this reason; all else is as always. */
  | { readonly type: "alone"; readonly reason: string }
  /** Another process has the directory. */
  | { readonly type: "waiting"; readonly holder?: number | undefined }
  /** Requests are accepted. */
  | { readonly type: "serving"; readonly role: OpenRole; readonly listeners: Readonly<Record<string, string>> }
  /** Nothing new is accepted. */
  | { readonly type: "draining"; readonly reason: "handoff" | "stop" }
  /** What was in flight is finished. */
  | {
    readonly type: "drained";
    readonly ms: number;
    readonly openConnections: number;
    readonly cut: readonly UnfinishedRequest[];
    /** In a handoff that is forced: the requests whose handlers go on all the same, and can become a second writer. */
    readonly forced?: readonly UnfinishedRequest[];
  }
  /** The state is flushed and closed. */
  | { readonly type: "sealed"; readonly ms: number }
  /** The lock has left for the successor. */
  | { readonly type: "lock-passed"; readonly to: number }
  /** Idle connections have left for the successor; those that are left, since it did not take them, are closed. */
  | { readonly type: "connections-passed"; readonly count: number; readonly left: number }
  /** Idle connections came from the incumbent. */
  | { readonly type: "connections-adopted"; readonly count: number }
  /** A handoff was called off, and this process serves again. */
  | { readonly type: "resumed"; readonly reason: string }
  /** A successor serves; this process ends. */
  | { readonly type: "replaced" }
  /** The successor that this process was to be is not wanted; it ends. */
  | { readonly type: "dismissed"; readonly reason: string }
  /** A supervisor broke the protocol, or the connection to it broke: the session is over, the daemon serves on. */
  | { readonly type: "session-failed"; readonly error: Error }
  /** The daemon ends: a signal, or the option `signal`. */
  | { readonly type: "stopping"; readonly reason: string };

/** Tells one listener, whose errors are its own: they are written to standard error, and nothing else comes of them. */
export type Tell = (event: DaemonEvent) => void;

/** A {@linkcode Tell} for the option `onEvent`. */
export function teller(onEvent: Tell | undefined): Tell {
  return (event) => {
    try {
      onEvent?.(event);
    } catch (error) {
      console.error("onEvent threw", error);
    }
  };
}
