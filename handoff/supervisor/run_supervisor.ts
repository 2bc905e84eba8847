import { type RawConfig, readConfig } from "./config.ts";
import { type Log, openLog } from "./log.ts";
import { supervise } from "./supervise.ts";

/** How {@linkcode runSupervisor} runs. */
export interface RunSupervisorOptions {
  /** Stops the daemon, and then the supervisor. */
  readonly signal?: AbortSignal | undefined;
  /** Is told of what happens; by default, a line an event goes to standard error. */
  readonly log?: Log;
}

/**
 * Supervises a daemon, as `handoff supervise` does with a configuration file of these keys: binds the listeners, starts
 * the daemon with them, starts it again when it dies, and replaces it when `handoff upgrade` asks. Resolves to the
 * daemon's exit code once it has stopped, by itself or by `signal`; to 3 when it died too often in a row.
 *
 * Rejects, with nothing started, with {@linkcode ConfigError} for keys that cannot be used, with `HandoffError` for a
 * listener or a socket that cannot be bound, with `SupervisorRunningError` where the directory has a supervisor, and
 * with `LockHeldError` where a process that is no daemon of this protocol holds it.
 *
 * Permissions: `--allow-all`, since it starts programs through FFI. Linux only.
 *
 * @example
 * ```ts
 * import { runSupervisor } from "jsr:@scope/handoff/supervisor";
 *
 * const stop = new AbortController();
 * const code = runSupervisor({
 *   data_dir: await Deno.makeTempDir(),
 *   binary: "sleep",
 *   args: ["600"],
 *   listeners: [{ name: "http", addr: "127.0.0.1:0" }],
 * }, { signal: stop.signal });
 * stop.abort();
 * console.log(await code); // 143: SIGTERM ended it
 * ```
 */
export async function runSupervisor(keys: RawConfig, options: RunSupervisorOptions = {}): Promise<number> {
  const config = readConfig(keys);
  const { signal, log = openLog(Deno.stderr) } = options;
  return await supervise(config, {
    log,
    reload: () => Promise.resolve(config),
    started: (supervisor) => {
      const stop = () => supervisor.stop();
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      void supervisor.finished.then(() => signal?.removeEventListener("abort", stop));
    },
  });
}
