import type { Os } from "../os.ts";
import type { Service, ServiceOptions } from "./service.ts";

/** What services take from the daemon that they serve. */
export interface ServiceHost<State> {
  readonly os: Pick<Os, "duplicate" | "close" | "setNonBlocking">;
  /** What `open` returned; asked for at each request. */
  readonly state: () => State;
  /** Aborted when the drain begins; another one after a resume. */
  readonly draining: () => AbortSignal;
}

/** A service for each listener that the options name. Throws `TypeError` when they are invalid, or name none. */
export function createServices<State>(
  _options: ServiceOptions<State>,
  _host: ServiceHost<State>,
): Map<string, Service> {
  throw new Error("Cannot create services: not implemented");
}
