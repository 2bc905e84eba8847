import type { Os } from "../os.ts";
import type { Report } from "./answer.ts";
import type { findConnectionParts } from "./connection_parts.ts";

/** What services take from the daemon that they serve. */
export interface ServiceHost<State> {
  readonly os: Pick<Os, "duplicate" | "close" | "setNonBlocking">;
  /** What `open` returned; asked for at each request. */
  readonly state: () => State;
  /** Aborted when the drain begins; another one after a resume. */
  readonly draining: () => AbortSignal;
  /** Told of errors of handlers, which no caller can be told of; by default they are printed on standard error. */
  readonly report?: Report;
  /** Replaced by tests, for a runtime that lacks what moving a connection takes. */
  readonly findParts?: typeof findConnectionParts;
}
