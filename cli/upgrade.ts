import type { UpgradeRequest } from "../handoff/protocol/trigger.ts";
import { type Arguments, type Command, milliseconds, usageError } from "./command.ts";
import { followed } from "./follow.ts";
import { deadlineOf, TRIGGER_SETTINGS } from "./trigger.ts";

/** `handoff upgrade`: replaces a running daemon. */
export const upgrade: Command = {
  help: `usage: handoff upgrade [OPTION...] DIR [-- COMMAND [ARG...]]
       handoff upgrade --supervisor DIR

Has the supervisor of DIR start the successor of its daemon, and waits until that
serves in its place, or the old one does again. No request fails meanwhile. The
successor is COMMAND, by default the one that the supervisor is configured with.

  --check             only a rehearsal: the successor is started, as far as
                      waiting for its turn; the daemon notices nothing
  --timeout=SECONDS   roll back when the successor does not serve by then; by default
                      deadline_secs of the configuration
  --soak=SECONDS      keep the old daemon for so long after the successor serves,
                      and roll back when that dies or is not healthy; by default
                      soak_secs of the configuration
  --build-id=ID       names the build of the successor in status, history and log,
                      where the daemon does not itself; it stays with the command
  --force             go on when a request does not end, even after it was aborted
                      at the end of the drain; its handler can become a second
                      writer, and its client gets no answer
  --abort             call off the upgrade that is under way
  --supervisor        replace the supervisor by its own program, as that is now;
                      the daemon serves on, and keeps its process
  --json              one JSON object a line; the last one is the outcome
  --config FILE, --socket PATH   in place of DIR

Ctrl-C ends the watching, and not the upgrade.

exit code: 0 committed; 1 rolled back, the old daemon serves; 2 nothing was begun;
  3 nobody serves; 75 another upgrade is under way; 128+n ended by signal n

permissions: --allow-ffi --allow-read=DIR`,
  syntax: {
    flags: ["json", "check", "force", "abort", "supervisor"],
    settings: ["timeout", "soak", "build-id", ...TRIGGER_SETTINGS],
    commandLine: true,
  },
  run: runUpgrade,
};

/** How it tells, and whom it asks. */
const BESIDE_EVERYTHING: readonly string[] = ["json", ...TRIGGER_SETTINGS];

function runUpgrade(args: Arguments): Promise<number> {
  const check = args.flags.has("check") && "the successor gets as far as its turn";
  const supervisor = args.flags.has("supervisor") && "the new supervisor has taken over";
  const abort = args.flags.has("abort") && "the upgrade is called off";
  const done = abort || check || supervisor || "committed";
  return followed(args, requestOf(args), done);
}

function requestOf(args: Arguments): UpgradeRequest | { verb: "abort" | "replace" } {
  const { flags, commandLine } = args;
  if (flags.has("abort")) {
    requireAlone(args, "abort");
    return { verb: "abort" };
  }
  if (flags.has("supervisor")) {
    requireAlone(args, "supervisor");
    return { verb: "replace" };
  }
  return {
    verb: "upgrade",
    command: commandLine.length === 0 ? undefined : commandLine,
    buildId: buildIdOf(args),
    timeoutMs: deadlineOf(args),
    soakSecs: soakOf(args),
    check: flags.has("check") || undefined,
    force: flags.has("force") || undefined,
    follow: true,
  };
}

function buildIdOf({ settings }: Arguments): string | undefined {
  const buildId = settings.get("build-id");
  if (buildId === "") throw usageError("--build-id needs an ID");
  return buildId;
}

/** The soak in whole seconds; undefined where none is named. */
function soakOf(args: Arguments): number | undefined {
  if (!args.settings.has("soak")) return undefined;
  const seconds = Math.ceil(milliseconds(args, "soak", 0) / 1_000);
  if (!Number.isFinite(seconds)) throw usageError("--soak needs an end: the successor is committed after it");
  return seconds;
}

/** What would say how an upgrade is to be made stands beside nothing that makes none. */
function requireAlone({ flags, settings, commandLine }: Arguments, flag: string): void {
  const others = [...flags, ...settings.keys()].filter((name) => name !== flag && !BESIDE_EVERYTHING.includes(name));
  const [other] = commandLine.length > 0 ? ["a command"] : others.map((name) => `--${name}`);
  if (other !== undefined) throw usageError(`--${flag} cannot be combined with ${other}`);
}
