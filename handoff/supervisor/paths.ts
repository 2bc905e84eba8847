/** Where the files of a supervisor are. */
export interface HandoffPaths {
  /** The daemon's. */
  readonly controlSocket: string;
  readonly triggerSocket: string;
  readonly journal: string;
  /** The file whose flock makes a process the supervisor. Never unlinked. */
  readonly supervisorLock: string;
}

/** By their default names in the data directory, but for those that are given. */
export function handoffPaths(
  dataDir: string,
  given: { readonly [Path in "controlSocket" | "triggerSocket" | "journal"]?: string | undefined } = {},
): HandoffPaths {
  return {
    controlSocket: given.controlSocket ?? `${dataDir}/.handoff.sock`,
    triggerSocket: given.triggerSocket ?? `${dataDir}/.handoff.supervisor.sock`,
    journal: given.journal ?? `${dataDir}/.handoff.journal`,
    supervisorLock: `${dataDir}/.handoff.supervisor.lock`,
  };
}
