import { LockHeldError } from "../../lock/errors.ts";
import { openOs } from "../linux.ts";
import { COLD_LOCK_MS } from "../timeouts.ts";
import { noOs, obstacleToHandoff } from "./alone.ts";
import { buildIdOfMainModule } from "./build_id.ts";
import { Daemon } from "./daemon.ts";
import { checkDaemonOptions, type DaemonOptions } from "./options.ts";
import { absolutePath, controlSocketOf } from "./paths.ts";
import { type InheritedRole, processEnvironment, readRole } from "./role.ts";
import { serveSessions } from "./sessions.ts";
import { StopRequest } from "./stop_request.ts";
import { succeed } from "./succession.ts";

/** EX_TEMPFAIL of sysexits.h: a supervisor waits for the lock, and does not count this as a crash. */
const EX_TEMPFAIL = 75;

/**
 * Runs a daemon that owns a data directory, and that a supervisor can replace while it serves: takes the lock, opens the
 * state, listens, serves; and when a successor is to take over, drains, closes the state, passes the lock and the idle
 * connections on. Whatever goes wrong before the successor serves, this process opens the state again and serves on.
 *
 * The same program runs alone, under systemd (`LISTEN_FDS`), under `handoff supervise` and under a supervisor of the Rust
 * crate `beyond-handoff`. Call it once, early; everything that must not happen twice belongs into `options.open`.
 *
 * Resolves to `"stopped"` after SIGTERM, SIGINT or `options.signal`, and in a successor that was not wanted; to
 * `"replaced"` when a successor serves. The process ends by itself then, unless the program has something else to do.
 *
 * Rejects with {@linkcode LockHeldError} when another process has the directory (under a supervisor the process exits with
 * 75 instead, which is no crash there); with {@linkcode LockLostError} when the directory was replaced under the daemon,
 * which then does not close its state, since that could be a write; with {@linkcode DrainError} when it is to stop and a
 * handler does not end; with what `options.open` throws; and with `TypeError`, `RangeError` or an error of Deno for
 * options, addresses and paths that cannot be used. It holds nothing after that.
 *
 * A handler or a timer of your own that writes after the state was disposed of is a second writer: end them in
 * `options.drain`.
 *
 * On macOS, in a worker and under `--watch` the daemon runs alone, without a handoff, and says so once: to
 * `options.onEvent`, or on standard error.
 *
 * Permissions: `--allow-ffi`, `--allow-env`, `--allow-net` for the listeners, `--allow-read` and `--allow-write` for the
 * directory.
 *
 * @example A daemon that counts
 * ```ts
 * import { runDaemon } from "jsr:@scope/handoff/daemon";
 *
 * class Counter implements Disposable {
 *   readonly #path: string;
 *   count: number;
 *
 *   constructor(path: string) {
 *     this.#path = path;
 *     try {
 *       this.count = Number(Deno.readTextFileSync(path));
 *     } catch {
 *       this.count = 0;
 *     }
 *   }
 *
 *   [Symbol.dispose](): void {
 *     Deno.writeTextFileSync(this.#path, String(this.count));
 *   }
 * }
 *
 * const stop = new AbortController();
 * const outcome = await runDaemon({
 *   dataDir: await Deno.makeTempDir(), // "/var/lib/counter"
 *   listen: { http: "127.0.0.1:0" },
 *   open: ({ dataDir }) => new Counter(`${dataDir}/count`),
 *   fetch: (_request, { state }) => new Response(`${++state.count}\n`),
 *   signal: stop.signal,
 *   onEvent: (event) => event.type === "serving" && stop.abort(), // this example ends at once
 * });
 * console.log(outcome); // stopped
 * ```
 */
export async function runDaemon<State extends Disposable | AsyncDisposable>(
  options: DaemonOptions<State>,
): Promise<"stopped" | "replaced"> {
  checkDaemonOptions(options);
  const dataDir = absolutePath(options.dataDir);
  const obstacle = obstacleToHandoff();
  await using resources = new AsyncDisposableStack();
  const os = obstacle === undefined ? resources.use(openOs()) : noOs();
  const role: InheritedRole = obstacle === undefined ? readRole(os, processEnvironment()) : ALONE;
  const stop = resources.use(new StopRequest(options.signal));
  const daemon = resources.use(
    new Daemon({
      os,
      options,
      dataDir,
      identity: { pid: Deno.pid, buildId: options.buildId ?? role.buildId ?? await buildIdOfMainModule() },
      controlSocket: controlSocketOf(options, role, dataDir),
      inherited: role.listeners,
      stop,
      alone: obstacle !== undefined,
    }),
  );
  try {
    if (obstacle !== undefined) return await liveAlone(daemon, options, obstacle);
    return await live(daemon, role, options);
  } catch (error) {
    await daemon.transfer.stopping(1, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

const ALONE: InheritedRole = { kind: "cold-start", listeners: new Map() };

async function live<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  role: InheritedRole,
  options: DaemonOptions<State>,
): Promise<"stopped" | "replaced"> {
  const { tell, transfer } = daemon;
  let takingConnections: Promise<void> | undefined;
  if (role.kind === "successor") {
    const succession = await succeed(daemon, role, options);
    if (succession === undefined) return "stopped";
    takingConnections = succession.takeConnections();
  } else if (!await startCold(daemon, role, options)) return "stopped";
  const outcome = await serveSessions(daemon);
  await takingConnections;
  if (outcome === "stopped") return await end(daemon);
  // A successor that took the lock by itself left ours where it was, or it was free again before the end.
  await daemon.release();
  tell({ type: "replaced" });
  await transfer.stopping(0, "replaced");
  return "replaced";
}

/** Without a handoff: serves until it is to stop. */
async function liveAlone<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  options: DaemonOptions<State>,
  obstacle: string,
): Promise<"stopped"> {
  if (options.onEvent === undefined) console.warn(`This daemon is never replaced by a successor: ${obstacle}`);
  daemon.tell({ type: "alone", reason: obstacle });
  if (!await startCold(daemon, ALONE, options)) return "stopped";
  const { fatal, stop } = daemon;
  await aborted(AbortSignal.any([fatal, stop.signal]));
  fatal.throwIfAborted();
  return await end(daemon);
}

async function end<State extends Disposable | AsyncDisposable>(daemon: Daemon<State>): Promise<"stopped"> {
  const { reason } = daemon.stop;
  daemon.tell({ type: "stopping", reason });
  await daemon.end();
  await daemon.transfer.stopping(0, reason);
  return "stopped";
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

/** False when it was told to stop before it had begun. */
async function startCold<State extends Disposable | AsyncDisposable>(
  daemon: Daemon<State>,
  role: InheritedRole,
  { lockTimeout }: DaemonOptions<State>,
): Promise<boolean> {
  const supervised = role.controlSocket !== undefined;
  try {
    await daemon.acquire({ timeout: lockTimeout ?? (supervised ? COLD_LOCK_MS : 0) });
  } catch (error) {
    if (daemon.stop.asked && error === daemon.stop.signal.reason) return false;
    if (!supervised || !(error instanceof LockHeldError)) throw error;
    console.error(error.message);
    Deno.exit(EX_TEMPFAIL);
  }
  await daemon.open("cold-start");
  try {
    daemon.serving.bind();
    if (role !== ALONE) daemon.bindSockets();
    await daemon.accept("cold-start");
    return true;
  } catch (error) {
    await daemon.giveUp();
    throw error;
  }
}
