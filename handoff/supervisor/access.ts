import { HandoffError } from "../../lock/errors.ts";
import type { Peer } from "../os.ts";
import type { SupervisorConfig } from "./config.ts";

/** A request that its sender may not make, or a command that may not be run. */
export class NotAllowedError extends HandoffError {}

/** What a request asks for, as far as it matters who asks. */
export interface Asked {
  readonly verb: string;
  /** Whether it names what to run. */
  readonly ownCommand: boolean;
  /** Whether it is to go on where a handler does not end, which can become a second writer. */
  readonly force?: boolean | undefined;
}

/**
 * Throws {@linkcode NotAllowedError} where the peer may not ask for this. Who may trigger may run any program as the
 * supervisor's user: that is this user and root. The others that the configuration admits may upgrade to the configured
 * command, and nothing else; not with force either, which puts the data at risk.
 */
export function checkPeer({ uid }: Peer, { verb, ownCommand, force }: Asked, ownUid: number): void {
  if (uid === ownUid || uid === 0) return;
  if ((verb === "upgrade" || verb === "handoff") && !ownCommand) {
    if (!force) return;
    throw new NotAllowedError(`user ${uid} may not use force: a handler that goes on could become a second writer`);
  }
  throw new NotAllowedError(`user ${uid} may only upgrade to the configured command`);
}

/**
 * Throws {@linkcode NotAllowedError} for a command that the configuration does not allow. `allowed_binaries` compares the
 * canonical path of the program: of an interpreter it bounds nothing, and `allowed_commands` compares the whole line.
 */
export function checkCommand(
  command: readonly string[],
  { allowedBinaries, allowedCommands }: Pick<SupervisorConfig, "allowedBinaries" | "allowedCommands">,
  path: string,
): void {
  const [program] = command;
  if (program === undefined || program === "") throw new NotAllowedError("the command is empty");
  if (program.includes("/") && !program.startsWith("/")) {
    throw new NotAllowedError(
      `${JSON.stringify(program)} is relative: the supervisor may be in another directory; give the absolute path`,
    );
  }
  if (allowedCommands !== undefined && !allowedCommands.some((allowed) => isSame(allowed, command))) {
    throw new NotAllowedError(`the command is none of allowed_commands: ${command.join(" ")}`);
  }
  if (allowedBinaries === undefined) return;
  const binary = canonical(program, path);
  if (binary !== undefined && allowedBinaries.some((allowed) => canonical(allowed, path) === binary)) return;
  throw new NotAllowedError(`${JSON.stringify(program)} is none of allowed_binaries`);
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((word, index) => word === right[index]);
}

/** The file that a program's name leads to, through `path` (the variable `PATH`) and links; undefined where there is none. */
function canonical(program: string, path: string): string | undefined {
  const candidates = program.includes("/") ? [program] : path.split(":").map((folder) => `${folder}/${program}`);
  for (const candidate of candidates) {
    try {
      const file = Deno.realPathSync(candidate);
      if (Deno.statSync(file).isFile) return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}
