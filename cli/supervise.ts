import { readFileSync } from "node:fs";
import { loadConfig } from "../handoff/supervisor/config_file.ts";
import { openLog } from "../handoff/supervisor/log.ts";
import type { OwnProgram } from "../handoff/supervisor/replacement.ts";
import { type ServiceEnvironment, takeServiceEnvironment } from "../handoff/supervisor/service_environment.ts";
import { SIGNALS } from "../handoff/supervisor/signals.ts";
import { supervise as runSupervisor } from "../handoff/supervisor/supervise.ts";
import type { Supervisor } from "../handoff/supervisor/supervisor.ts";
import { SupervisorRunningError } from "../handoff/supervisor/supervisor_lock.ts";
import { refuseSuccession, takeSuccessionFd } from "../handoff/supervisor/take_over.ts";
import type { Upgrades } from "../handoff/supervisor/upgrade.ts";
import type { Arguments, Command } from "./command.ts";
import { usageError } from "./command.ts";
import { CONFIG_SETTINGS, overridesOf } from "./config_options.ts";
import { EXIT, Failure } from "./exit_codes.ts";

/** `handoff supervise`: keeps a daemon running, and replaces it on demand. */
export const supervise: Command = {
  help: `usage: handoff supervise [OPTION...] --dir DIR -- COMMAND [ARG...]
       handoff supervise --config FILE

Binds the listeners, starts COMMAND with them, and keeps it running: a daemon
that dies is started again, and "handoff upgrade DIR" replaces it by its
successor without a failed request. COMMAND is a daemon that uses runDaemon.
It gets the listeners as systemd passes them (LISTEN_FDS). Linux only.

  --dir DIR            the data directory of the daemon
  --listen NAME=ADDR   a listener: HOST:PORT, [::1]:PORT, *:PORT (IPv4 and IPv6),
                       or unix:/PATH; as often as needed
  --config FILE        a TOML file; what the command line says wins over it
  --control-socket PATH, --trigger-socket PATH, --journal PATH
                       by default .handoff.sock, .handoff.supervisor.sock and
                       .handoff.journal in DIR
  --deadline SECONDS   for an upgrade as a whole (60)
  --drain-grace SECONDS   for requests in flight to be finished in it (25)
  --exit-grace SECONDS    for the replaced daemon to exit (10)
  --stop-timeout SECONDS  for the daemon to stop, before it is killed (30)
  --max-restarts N     deaths in a row that end it (8)
  --metrics ADDR       serves /metrics for Prometheus, and /status as JSON
  --build-id ID        names the build of COMMAND in status, history and log, where
                       the daemon does not itself
  --upgrades cold      for a COMMAND that is no daemon of runDaemon: an upgrade
                       stops it and starts the new one; connections wait

SIGTERM and SIGINT stop the daemon, and then the supervisor; again, a second or
more later, they kill. SIGHUP is an upgrade to the configured command, where
standard input is no terminal. SIGABRT, which systemd's watchdog sends, kills the
daemon, and ends it. Its log is standard error: a JSON line an event,
or text on a terminal.

exit code: that of the daemon, or 128+n when signal n ended it; 2 it could not
  start, and nothing was started; 3 the daemon died too often; 75 DIR is held, or
  has a supervisor

permissions: -A (starting programs and --allow-ffi are permission for everything)`,
  syntax: { settings: ["config", ...CONFIG_SETTINGS], lists: ["listen"], commandLine: true },
  run: runSupervise,
};

async function runSupervise(args: Arguments): Promise<number> {
  const [operand] = args.operands;
  if (operand !== undefined) throw usageError(`unexpected argument "${operand}": the command goes after --`);
  const load = () => loadConfig(args.settings.get("config"), overridesOf(args));
  const succession = takeSuccessionFd(Deno.env);
  const service = takeServiceEnvironment(Deno.env, Deno.pid);
  const config = await load().catch(async (error) => {
    if (succession !== undefined) await refuseSuccession(succession, error.message);
    throw error;
  });
  using signals = new SupervisorSignals();
  try {
    return await runSupervisor(config, {
      log: openLog(Deno.stderr),
      service,
      succession,
      own: ownProgram(service),
      reload: load,
      started: (supervisor, upgrades) => signals.deliverTo(supervisor, upgrades),
    });
  } catch (error) {
    if (error instanceof SupervisorRunningError) throw new Failure(EXIT.tempFail, error.message, { cause: error });
    throw error;
  }
}

/** What was taken out of the environment is there again for a supervisor in this one's place. */
function ownProgram({ notifySocket, watchdogMs }: ServiceEnvironment): OwnProgram {
  return {
    argv: readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1),
    env: {
      ...Deno.env.toObject(),
      ...notifySocket !== undefined && { NOTIFY_SOCKET: notifySocket },
      ...watchdogMs !== undefined && { WATCHDOG_USEC: `${watchdogMs * 1_000}` },
    },
  };
}

/** Passes the signals of this process to a supervisor, from the moment when there is one. */
class SupervisorSignals implements Disposable {
  readonly #listeners: readonly (readonly [Deno.Signal, () => void])[] = [
    ["SIGTERM", () => this.#deliver((supervisor) => supervisor.stop(SIGNALS.SIGTERM))],
    ["SIGINT", () => this.#deliver((supervisor) => supervisor.stop(SIGNALS.SIGINT))],
    ["SIGABRT", () => this.#deliver((supervisor) => supervisor.kill())],
    ["SIGHUP", () => this.#deliver((supervisor, upgrades) => hangUp(supervisor, upgrades))],
  ];
  #missed?: Delivery;
  #target?: readonly [Supervisor, Upgrades];

  constructor() {
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  deliverTo(supervisor: Supervisor, upgrades: Upgrades): void {
    this.#target = [supervisor, upgrades];
    this.#missed?.(supervisor, upgrades);
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }

  #deliver(delivery: Delivery): void {
    if (this.#target === undefined) this.#missed = delivery;
    else delivery(...this.#target);
  }
}

type Delivery = (supervisor: Supervisor, upgrades: Upgrades) => void;

/** From a terminal it says that the terminal is gone; from anybody else, by custom, that there is something new. */
function hangUp(supervisor: Supervisor, upgrades: Upgrades): void {
  if (Deno.stdin.isTerminal()) supervisor.stop(SIGNALS.SIGHUP);
  else void upgrades.upgrade({});
}
