/** What a service manager told this process, by sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3). */
export interface ServiceEnvironment {
  /** The socket that is told of readiness. */
  readonly notifySocket?: string | undefined;
  /** Within how many milliseconds the service manager wants a sign of life. */
  readonly watchdogMs?: number | undefined;
  /** The names of the descriptors that were passed, from 3 on. */
  readonly listenerNames: readonly string[];
}

/**
 * Takes what a service manager said out of the environment: none of it is for the children of this process. What is meant
 * for another process, as `LISTEN_PID` and `WATCHDOG_PID` say, is dropped.
 */
export function takeServiceEnvironment(env: Pick<Deno.Env, "get" | "delete">, pid: number): ServiceEnvironment {
  const [notifySocket, watchdogPid, watchdog, listenPid, count, names] = VARIABLES.map((name) => {
    const value = env.get(name);
    if (value !== undefined) env.delete(name);
    return value === "" ? undefined : value;
  });
  const isMeant = (meant: string | undefined) => meant === undefined || meant === String(pid);
  return {
    notifySocket,
    watchdogMs: isMeant(watchdogPid) ? microseconds(watchdog) : undefined,
    // Without a pid the numbers may mean the runtime's own descriptors: sd_listen_fds(3) wants it, too.
    listenerNames: listenPid === String(pid) ? namesOf(count, names) : [],
  };
}

const VARIABLES = [
  "NOTIFY_SOCKET",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
  "LISTEN_PID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
] as const;

/** More than any socket unit passes. */
const MOST_DESCRIPTORS = 1_024;

function microseconds(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) / 1_000 : undefined;
}

/** One without a name is named by its place. */
function namesOf(count: string | undefined, names = ""): string[] {
  if (count === undefined || !/^\d{1,4}$/.test(count) || Number(count) > MOST_DESCRIPTORS) return [];
  const given = names.split(":");
  return Array.from({ length: Number(count) }, (_, index) => given[index] || `${index}`);
}
