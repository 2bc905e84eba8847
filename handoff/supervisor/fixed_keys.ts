import type { SupervisorConfig } from "./config.ts";

/** What a supervisor takes from its configuration once, when it starts, by the names of the keys. */
const FIXED: Readonly<Record<string, (config: SupervisorConfig) => unknown>> = {
  data_dir: ({ dataDir }) => dataDir,
  control_socket: ({ paths }) => paths.controlSocket,
  trigger_socket: ({ paths }) => paths.triggerSocket,
  journal: ({ paths }) => paths.journal,
  listeners: ({ listeners }) => listeners,
  metrics: ({ metrics }) => metrics,
  allowed_uids: ({ allowedUids }) => allowedUids,
  exit_grace_secs: ({ exitGraceMs }) => exitGraceMs,
  stop_timeout_secs: ({ stopTimeoutMs }) => stopTimeoutMs,
  max_restarts: ({ maxRestarts }) => maxRestarts,
  on_exit_0: ({ onExit0 }) => onExit0,
};

/** The keys that have another value now than when the supervisor started, and that it goes on without. */
export function changedFixedKeys(started: SupervisorConfig, now: SupervisorConfig): string[] {
  return Object.entries(FIXED).filter(([, value]) => JSON.stringify(value(started)) !== JSON.stringify(value(now)))
    .map(([key]) => key);
}
