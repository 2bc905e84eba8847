import type { Os } from "../os.ts";
import type { Log, LogFields } from "./log.ts";

/** What tells a service manager of a supervisor's life. */
export interface Notifier {
  /** Takes an event of the supervisor's log. */
  readonly hear: Log;
  /** Tells of something by sd_notify(3). Never throws. */
  tell(variables: Readonly<Record<string, string>>): void;
}

/**
 * Tells the service manager behind `path`, a socket in the file system or (`@name`) an abstract one, what happens: ready
 * when the daemon serves, reloading while an upgrade runs, stopping. What cannot be told is logged, once.
 */
export function openNotifier(os: Pick<Os, "sendDatagram" | "monotonicMicroseconds">, path: string, log: Log): Notifier {
  let failed = false;
  function tell(variables: Readonly<Record<string, string>>): void {
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value.replaceAll(/\s+/g, " ")}`);
    try {
      os.sendDatagram(path, new TextEncoder().encode(lines.join("\n")));
    } catch (error) {
      if (!failed) log("notify-failed", { path, error: error instanceof Error ? error.message : String(error) });
      failed = true;
    }
  }
  return { tell, hear: hearing(tell, () => os.monotonicMicroseconds()) };
}

function hearing(tell: Notifier["tell"], now: () => bigint): Log {
  /** What serves; empty while nobody does. */
  let serving = "";
  /** The end of an upgrade: ready where somebody serves; where not, the daemon's own events go on telling. */
  function over(reason?: unknown): Record<string, string> {
    if (serving === "") return {};
    return { READY: "1", STATUS: reason === undefined ? serving : `${serving}; the last upgrade: ${reason}` };
  }
  function down(status: string): Record<string, string> {
    serving = "";
    return { STATUS: status };
  }
  const said: Readonly<Record<string, (fields: LogFields) => Record<string, string>>> = {
    "daemon-started": ({ pid }) => down(`process ${pid} starts`),
    "daemon-serves": ({ pid, build }) => {
      serving = describe(pid, build);
      return over();
    },
    replaced: ({ by, build }) => {
      serving = describe(by, build);
      return {};
    },
    "upgrade-begun": ({ check }): Record<string, string> => {
      if (check || serving === "") return {};
      return { RELOADING: "1", MONOTONIC_USEC: `${now()}`, STATUS: `an upgrade has begun; ${serving}` };
    },
    "upgrade-ended": ({ outcome, reason }) => over(outcome === "committed" ? undefined : reason),
    "upgrade-refused": ({ reason }) => over(reason),
    "daemon-died": ({ how }) => down(`the daemon died (${how}), and is started again`),
    "waiting-for-the-lock": ({ dataDir }) => down(`another process holds ${dataDir}`),
    "gave-up": ({ how }) => ({ STOPPING: "1", ...down(`the daemon died too often (${how})`) }),
    "daemon-stopped": () => ({ STOPPING: "1", ...down("the daemon has stopped") }),
    stopping: () => ({ STOPPING: "1", ...down("the daemon is told to stop") }),
  };
  return (event, fields = {}) => {
    const variables = Object.hasOwn(said, event) ? said[event]!(fields) : {};
    if (Object.keys(variables).length > 0) tell(variables);
  };
}

function describe(pid: unknown, build: unknown): string {
  return `process ${pid} serves${build ? `, build ${build}` : ""}`;
}
