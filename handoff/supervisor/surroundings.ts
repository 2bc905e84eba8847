import type { Os } from "../os.ts";
import { Child } from "./child.ts";
import type { SupervisorConfig } from "./config.ts";
import type { Log } from "./log.ts";
import { serveMetrics } from "./metrics.ts";
import { openNotifier } from "./notify.ts";
import type { ServiceEnvironment } from "./service_environment.ts";
import type { Supervisor } from "./supervisor.ts";
import { answers, Watchdog } from "./watchdog.ts";

/** Who else is told of a supervisor's life: the service manager, whoever scrapes metrics, the container's orphans. */
export interface Surroundings extends AsyncDisposable {
  /** The supervisor's log, heard by all of them. */
  readonly log: Log;
  /** Tells the service manager, if there is one, which process is the main one from now on. */
  tellMainPid(pid: number): void;
  /** From now on they look at this supervisor. */
  attach(supervisor: Supervisor): void;
}

/** How often the first process of a container looks for orphans, in milliseconds. */
const REAP_MS = 1_000;

/** Opens what the configuration and the service manager ask for. Rejects with `ListenerError` where it cannot. */
export async function openSurroundings(
  os: Os,
  config: SupervisorConfig,
  { log, service }: { readonly log: Log; readonly service?: ServiceEnvironment },
): Promise<Surroundings> {
  await using resources = new AsyncDisposableStack();
  const metrics = config.metrics === undefined ? undefined : resources.use(await serveMetrics(config.metrics));
  if (metrics !== undefined) log("metrics", { url: metrics.url });
  const path = service?.notifySocket;
  const notifier = path === undefined ? undefined : openNotifier(os, path, log);
  const hearers = [log, notifier?.hear, metrics?.hear].filter((hear) => hear !== undefined);
  const opened = resources.move();
  return {
    log: (event, fields) => {
      for (const hear of hearers) hear(event, fields);
    },
    tellMainPid: (pid) => notifier?.tell({ MAINPID: `${pid}` }),
    attach: (supervisor) => {
      metrics?.attach(supervisor);
      if (Deno.pid === 1) opened.use(reapOrphans(os));
      if (notifier === undefined || service?.watchdogMs === undefined) return;
      opened.use(
        new Watchdog({
          withinMs: service.watchdogMs,
          healthy: (until) => isHealthy(os, supervisor, config, until),
          ping: () => notifier.tell({ WATCHDOG: "1" }),
        }),
      );
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** While a daemon starts, and in an upgrade, which has time-outs of its own, the supervisor answers for itself. */
async function isHealthy(os: Os, supervisor: Supervisor, config: SupervisorConfig, until: AbortSignal) {
  const { daemon, underway } = supervisor;
  if (config.upgrades === "cold" || daemon === undefined || underway !== undefined || !daemon.serving) return true;
  return await answers(os, config.paths.controlSocket, until);
}

/** The first process of a container is the parent of every orphan in it. */
function reapOrphans(os: Os): Disposable {
  const timer = setInterval(() => void os.reapOrphans(Child.isOne), REAP_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
