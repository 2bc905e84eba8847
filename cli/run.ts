import { codeOf } from "../lock/errors.ts";
import { HeldLock } from "../lock/held_lock.ts";
import { type Arguments, type Command, FOR_EVER, milliseconds, onlyDirectory, usageError } from "./command.ts";
import { EXIT, Failure } from "./exit_codes.ts";
import { Signals } from "./signals.ts";
import { WaitingLine } from "./waiting_line.ts";

/** `handoff run`: a command that holds a directory. */
export const run: Command = {
  help: `usage: handoff run [OPTION...] DIR -- COMMAND [ARG...]

Runs COMMAND while holding DIR, which is created if it is missing.

COMMAND inherits the lock: while it, or a process it leaves behind, is running,
nobody else gets DIR, even if handoff itself is killed with SIGKILL.
SIGINT, SIGTERM and SIGHUP are passed on to COMMAND, except SIGINT on a
terminal, which sends it to COMMAND by itself. Put nohup(1) before COMMAND.

  --wait[=SECONDS]   wait while DIR is held: for SECONDS at most, or for ever
  --break-stale      if the holder that the pidfile names is dead or unknown,
                     say so and try once more. A held lock is never broken:
                     the kernel frees it when its holder ends
  --allow-network-filesystem
                     lock DIR even where flock may not exclude other machines

exit code: that of COMMAND, or 128+n if signal n ended it or the wait;
  75 DIR is held; 126 COMMAND cannot be executed; 127 COMMAND not found;
  2 any other error

permissions: --allow-ffi --allow-read=DIR --allow-write=DIR --allow-run=COMMAND`,
  syntax: {
    flags: ["break-stale", "allow-network-filesystem"],
    settings: ["wait"],
    alone: { wait: FOR_EVER },
    commandLine: true,
  },
  run: runCommand,
};

async function runCommand(args: Arguments): Promise<number> {
  const dataDir = onlyDirectory(args);
  const [command, ...rest] = args.commandLine;
  if (command === undefined) throw usageError("missing COMMAND after --");
  const timeout = milliseconds(args, "wait", 0);
  using signals = new Signals();
  await using lock = await acquire(dataDir, { flags: args.flags, timeout, signal: signals.aborted });
  const child = spawn(lock, command, rest);
  signals.forwardTo(child);
  return (await child.status).code;
}

/** How long to wait, what ends it, and the flags of the command line. */
interface Terms {
  readonly flags: ReadonlySet<string>;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

async function acquire(dataDir: string, { flags, timeout, signal }: Terms): Promise<HeldLock> {
  using line = new WaitingLine();
  const options = {
    timeout,
    signal,
    allowNetworkFilesystem: flags.has("allow-network-filesystem"),
    onWait: line.show.bind(line),
    breakStale: flags.has("break-stale"),
  };
  return await HeldLock.acquire(dataDir, options);
}

function spawn(lock: HeldLock, command: string, args: readonly string[]): Deno.ChildProcess {
  using _ = lock.shareWithChildren();
  try {
    return new Deno.Command(command, { args: [...args], stdin: "inherit", stdout: "inherit", stderr: "inherit" })
      .spawn();
  } catch (cause) {
    const code = codeOf(cause);
    // What has no code is no failure of the system: Deno's own message names the permission that is missing.
    if (code === undefined) throw cause;
    const found = code !== "ENOENT";
    throw new Failure(
      found ? EXIT.notExecutable : EXIT.notFound,
      `Cannot run ${JSON.stringify(command)}: ${found ? `it cannot be executed (${code})` : "command not found"}`,
      { cause },
    );
  }
}
