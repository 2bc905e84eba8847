import { LockHeldError } from "../../lock/errors.ts";
import { openOs } from "../linux.ts";
import { COLD_LOCK_MS } from "../timeouts.ts";
import { buildIdOf } from "./build_id.ts";
import { Daemon } from "./daemon.ts";
import { checkDaemonOptions, type DaemonOptions } from "./options.ts";
import { absolutePath, controlSocketOf } from "./paths.ts";
import { type InheritedRole, processEnvironment, readRole } from "./role.ts";
import { serveSessions } from "./sessions.ts";
import { StopRequest } from "./stop_request.ts";
import { succeed } from "./succession.ts";

/** EX_TEMPFAIL of sysexits.h: a supervisor waits for the lock, and does not count this as a crash. */
const EX_TEMPFAIL = 75;

export async function runDaemon<State extends Disposable | AsyncDisposable>(
  options: DaemonOptions<State>,
): Promise<"stopped" | "replaced"> {
  checkDaemonOptions(options);
  const dataDir = absolutePath(options.dataDir);
  await using resources = new AsyncDisposableStack();
  const os = resources.use(openOs());
  const role = readRole(os, processEnvironment());
  const stop = resources.use(new StopRequest(options.signal));
  const daemon = resources.use(
    new Daemon({
      os,
      options,
      dataDir,
      identity: { pid: Deno.pid, buildId: await buildIdOf(options) },
      controlSocket: controlSocketOf(options, role, dataDir),
      inherited: role.listeners,
      stop,
    }),
  );
  try {
    return await live(daemon, role, options);
  } catch (error) {
    await daemon.transfer.stopping(1, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function live<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  role: InheritedRole,
  options: DaemonOptions<State>,
): Promise<"stopped" | "replaced"> {
  const { stop, tell, transfer } = daemon;
  let takingConnections: Promise<void> | undefined;
  if (role.kind === "successor") {
    const succession = await succeed(daemon, role, options);
    if (succession === undefined) return "stopped";
    takingConnections = succession.takeConnections();
  } else if (!await startCold(daemon, role, options)) return "stopped";
  const outcome = await serveSessions(daemon);
  await takingConnections;
  if (outcome === "replaced") {
    // A successor that took the lock by itself left ours where it was, or it was free again before the end.
    await daemon.release();
    tell({ type: "replaced" });
    await transfer.stopping(0, "replaced");
    return "replaced";
  }
  tell({ type: "stopping", reason: stop.reason });
  await daemon.end();
  await transfer.stopping(0, stop.reason);
  return "stopped";
}

/** False when it was told to stop before it had begun. */
async function startCold<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  role: InheritedRole,
  { lockTimeout = 0 }: DaemonOptions<State>,
): Promise<boolean> {
  const supervised = role.controlSocket !== undefined;
  try {
    await daemon.acquire({ timeout: supervised ? Math.max(lockTimeout, COLD_LOCK_MS) : lockTimeout });
  } catch (error) {
    if (daemon.stop.asked && error === daemon.stop.signal.reason) return false;
    if (!supervised || !(error instanceof LockHeldError)) throw error;
    console.error(error.message);
    Deno.exit(EX_TEMPFAIL);
  }
  await daemon.open("cold-start");
  try {
    daemon.serving.bind();
    daemon.bindSockets();
    await daemon.accept("cold-start");
    return true;
  } catch (error) {
    await daemon.giveUp();
    throw error;
  }
}
