/**
 * The command line, for operators and scripts: shows who holds a data directory, runs a command as its holder, waits until
 * it is free; supervises a daemon, replaces it by its successor, and rolls back. Importing it does nothing.
 *
 * ```
 * deno run -A jsr:@scope/handoff/cli status /var/lib/mydaemon
 * deno run -A jsr:@scope/handoff/cli run --wait /var/lib/mydaemon -- sqlite3 /var/lib/mydaemon/journal.db .dump
 * deno run -A jsr:@scope/handoff/cli supervise --dir /var/lib/mydaemon --listen http=127.0.0.1:8080 -- mydaemon
 * deno run -A jsr:@scope/handoff/cli upgrade /var/lib/mydaemon
 * ```
 *
 * `--help` lists the options, exit codes and narrowest permissions of each command.
 *
 * @module
 */

import config from "./deno.json" with { type: "json" };
import { type Command, parse, usageError } from "./cli/command.ts";
import { EXIT, Failure } from "./cli/exit_codes.ts";
import { run } from "./cli/run.ts";
import { status } from "./cli/status.ts";
import { printableText } from "./cli/text.ts";
import { wait } from "./cli/wait.ts";
import { LockHeldError } from "./lock/errors.ts";

/** The handoff commands are loaded on use: the lock alone needs none of their modules. */
const COMMANDS: ReadonlyMap<string, () => Command | Promise<Command>> = new Map(Object.entries({
  status: () => status,
  run: () => run,
  wait: () => wait,
  supervise: async () => (await import("./cli/supervise.ts")).supervise,
  upgrade: async () => (await import("./cli/upgrade.ts")).upgrade,
  stop: async () => (await import("./cli/stop.ts")).stop,
  rollback: async () => (await import("./cli/rollback.ts")).rollback,
  history: async () => (await import("./cli/history.ts")).history,
  restart: async () => (await import("./cli/restart.ts")).restart,
}));

const HELP = `usage: handoff status [--json] DIR
       handoff run [--wait[=SECONDS]] [--break-stale] DIR -- COMMAND [ARG...]
       handoff wait [--timeout=SECONDS] DIR
       handoff supervise --listen NAME=ADDR --dir DIR -- COMMAND [ARG...]
       handoff upgrade DIR [-- COMMAND [ARG...]]
       handoff rollback DIR
       handoff history [--json] DIR
       handoff restart DIR
       handoff stop DIR
       handoff --help | --version

  status   reports who holds a data directory, and whether it is safe to start
  run      runs a command that holds it
  wait     waits until it is free

  supervise   keeps a daemon running, with listeners that stay open
  upgrade     replaces it by its successor, without a failed request
  rollback    replaces it by the command before
  history     lists the last upgrades
  restart     stops it and starts it anew
  stop        stops it and its supervisor

See "handoff COMMAND --help" for options, exit codes and permissions.
"handoff" stands for: deno run -A jsr:@scope/handoff/cli`;

/**
 * Runs one command line: `["status", "/var/lib/mydaemon"]`, as in `Deno.args`. It writes to standard output and standard
 * error, and resolves to the exit code; it never rejects.
 *
 * Permissions: those of the command; see its `--help`.
 *
 * @example
 * ```ts
 * import { main } from "jsr:@scope/handoff/cli";
 *
 * const exitCode = await main(["status", await Deno.makeTempDir()]);
 * console.log(exitCode === 0 ? "free" : "held");
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== "") console.error(`handoff: ${printableText(message)}`);
    if (error instanceof LockHeldError) return EXIT.tempFail;
    return error instanceof Failure ? error.exitCode : EXIT.error;
  }
}

async function dispatch([name, ...args]: readonly string[]): Promise<number> {
  const load = COMMANDS.get(name ?? "");
  if (load === undefined) return answer(name);
  const command = await load();
  const parsed = parse(args, command.syntax);
  if (!parsed.flags.has("help")) return await command.run(parsed);
  console.log(command.help);
  return EXIT.ok;
}

/** Handles an option, or an unknown word, in place of a command. */
function answer(word: string | undefined): number {
  if (word === undefined) throw usageError("missing command");
  const answers = new Map([["--help", HELP], ["-h", HELP], ["--version", config.version]]);
  const text = answers.get(word);
  if (text === undefined) throw usageError(`unknown ${word.startsWith("-") ? "option" : "command"} "${word}"`);
  console.log(text);
  return EXIT.ok;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
