import { JobControl } from "../ffi/job_control.ts";
import { codeOf } from "../lock/errors.ts";
import { HeldLock } from "../lock/held_lock.ts";
import { type Arguments, type Command, FOR_EVER, milliseconds, onlyDirectory, usageError } from "./command.ts";
import { EXIT, Failure } from "./exit_codes.ts";
import { reapOrphans } from "./init.ts";
import { Signals } from "./signals.ts";
import { printable, printableText } from "./text.ts";
import { WaitingLine } from "./waiting_line.ts";

/** `handoff run`: a command that holds a directory. */
export const run: Command = {
  help: `usage: handoff run [OPTION...] DIR -- COMMAND [ARG...]

Runs COMMAND while holding DIR, which is created if it is missing.

COMMAND inherits the lock as an open file. Even if handoff itself is killed with
SIGKILL, nobody else gets DIR while COMMAND, or a process it leaves behind, has
that file open: one that closes the descriptors it does not know gives up its
share (sudo, Python's subprocess, most programs that become daemons).

Signals are passed on to COMMAND, each once. Those of a terminal (INT, QUIT,
TSTP, CONT, WINCH) are left to it while handoff is in its foreground, since
COMMAND then has them by itself. Under systemd, set KillMode=mixed: the default
sends SIGTERM to COMMAND, too. As PID 1, it reaps orphans.

If the lock is lost, because .handoff.lock or DIR was deleted or replaced, it
says so on standard error at once.

  --wait[=SECONDS]   wait while DIR is held: for SECONDS at most, or for ever
  --break-stale      if the holder that the pidfile names is dead or unknown,
                     say so and try once more. A held lock is never broken:
                     the kernel frees it when its holder ends
  --kill-on-loss     kill COMMAND with SIGKILL if the lock is lost; processes
                     that it started are not killed
  --allow-network-filesystem
                     lock DIR even where flock may not exclude other machines

exit code: that of COMMAND, or 128+n if signal n ended it or the wait;
  75 DIR is held; 126 COMMAND cannot be executed; 127 COMMAND not found;
  2 any other error

permissions: --allow-ffi --allow-read=DIR --allow-write=DIR --allow-run=COMMAND`,
  syntax: {
    flags: ["break-stale", "kill-on-loss", "allow-network-filesystem"],
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
  const ours = new Set<number>();
  await using _reaper = await reapOrphans(ours);
  using held = new DisposableStack();
  const lock = await acquire(dataDir, { flags: args.flags, timeout, signal: signals.aborted });
  held.defer(() => release(lock));
  const child = spawn(lock, command, rest);
  ours.add(child.pid);
  signals.forwardTo(child);
  const killed = args.flags.has("kill-on-loss") ? child : undefined;
  lock.lost.addEventListener("abort", () => tellLoss(lock.lost.reason, killed));
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

/** What the command came to is not lost with a release that fails: the kernel frees the lock when this process ends. */
function release(lock: HeldLock): void {
  try {
    lock.releaseSync();
  } catch (error) {
    warn(error);
  }
}

function tellLoss(reason: unknown, killed: Deno.ChildProcess | undefined): void {
  warn(reason);
  if (killed === undefined) return;
  console.error(`handoff: killing process ${killed.pid}`);
  try {
    killed.kill("SIGKILL");
  } catch {
    // It has just ended.
  }
}

function warn(error: unknown): void {
  console.error(`handoff: ${printableText(error instanceof Error ? error.message : String(error))}`);
}

function spawn(lock: HeldLock, command: string, args: readonly string[]): Deno.ChildProcess {
  using _ = lock.shareWithChildren();
  try {
    return new Deno.Command(command, { args: [...args], stdin: "inherit", stdout: "inherit", stderr: "inherit" })
      .spawn();
  } catch (cause) {
    throw cannotRun(command, cause);
  }
}

function cannotRun(command: string, cause: unknown): unknown {
  const code = codeOf(cause);
  // What has no code is no failure of the system: Deno's own message names the permission that is missing.
  if (code === undefined) return cause;
  const because = (exitCode: number, reason: string) =>
    new Failure(exitCode, `Cannot run ${printable(command)}: ${reason}`, { cause });
  if (code !== "ENOENT") return because(EXIT.notExecutable, `it cannot be executed (${code})`);
  // Deno's message has the path that it was found at; the kernel says the same of a file and of its interpreter.
  const [, path] = /^Failed to spawn '(.*)': /s.exec((cause as Error).message) ?? [];
  using job = new JobControl();
  if (path === undefined || !path.includes("/") || !job.exists(path)) {
    return because(EXIT.notFound, "command not found");
  }
  return because(EXIT.notExecutable, "the interpreter that its first line or its ELF header names is missing");
}
